/** EC keys made elsewhere. The HSM keeps them with the name of the curve and the point uncompressed. */
import { createECDH, createPublicKey, type KeyObject } from 'node:crypto'
import { bitString, bytesOfBitString, type Element, elements, SEQUENCE, sequence } from '../base/der.ts'
import { ecPkcs8 } from '../base/pkcs8.ts'
import { CURVES, type Curve, type WeierstrassCurve } from '../contract/algorithms.ts'
import { queueOnEventLoop } from './event-loop.ts'
import { attempt, bad, readDer, unfitting } from './incoming-der.ts'
import { ecFacts, privateKeyLength, publicCheckValue, publicKeyLength, spkiOfPoint } from './public-facts.ts'

/** `[1]` of ECPrivateKey (RFC 5915 §3). */
const PUBLIC_KEY = 0xa1

/**
 * SubjectPublicKeyInfo in DER (RFC 5480 §2).
 *
 * @throws HsmError `invalid-data` naming the field
 */
export async function readEcPublic(bytes: Buffer, field: string) {
  const curve = curveOf(read('spki', bytes, field), field)
  const [, bits] = inside(inside({ content: bytes })[0])
  const given = bits && Buffer.from(bytesOfBitString(bits))
  const spki = given && spkiOfPoint(given, curve)
  if (!spki || (curve === 'ed25519' && !(await isEd25519Point(spki)))) {
    throw bad(field, `must have a point on ${curve}, and none at infinity or of small order`)
  }
  // OpenSSL also takes lengths in more bytes than they need.
  const exact = sequence(algorithmOf(spki), bitString(given))
  if (!bytes.equals(exact)) throw bad(field, 'is not in DER')
  return { ...factsOf(spki, curve), keyLengthBytes: publicKeyLength(curve, spki), material: spki }
}

/**
 * PKCS #8 in DER (RFC 5915).
 *
 * @throws HsmError `invalid-data` naming the field
 */
export async function readEcPrivate(bytes: Buffer, field: string) {
  const key = read('pkcs8', bytes, field)
  const curve = curveOf(key, field)
  const { spki, material } =
    curve === 'ed25519' ? edwardsPair(key) : await queueOnEventLoop(() => checkedPair(key, curve, field))
  return { ...factsOf(spki, curve), keyLengthBytes: privateKeyLength(curve, material), material }
}

const factsOf = (spki: Buffer, curve: Curve) => ({
  checkValue: publicCheckValue(spki),
  rsa: undefined,
  ec: ecFacts(spki, curve),
})

function read(type: 'spki' | 'pkcs8', bytes: Buffer, field: string): KeyObject {
  if (hasParameters(type, bytes)) throw bad(field, 'has the parameters of its curve in place of a name')
  const key = readDer(type, bytes)
  if (key?.asymmetricKeyType === 'ec' || key?.asymmetricKeyType === 'ed25519') return key
  throw bad(field, 'is not an EC key')
}

/** AlgorithmIdentifier of a SubjectPublicKeyInfo, with the curve by its name. */
function algorithmOf(spki: Buffer): Uint8Array {
  const [algorithm] = inside(inside({ content: spki })[0])
  if (!algorithm) throw new Error('The public half is no SubjectPublicKeyInfo')
  return algorithm.whole
}

/** The curve's numbers are there, which RFC 5480 §2.1.1 forbids, even if they are those of a curve with a name. */
function hasParameters(type: 'spki' | 'pkcs8', bytes: Buffer): boolean {
  const members = inside(inside({ content: bytes })[0])
  const [, parameters] = inside(members[type === 'spki' ? 0 : 1])
  return parameters?.tag === SEQUENCE
}

function curveOf(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  field: string,
): Curve {
  if (type === 'ed25519') return type
  const names = Object.keys(CURVES) as WeierstrassCurve[]
  const named = names.find((name) => CURVES[name].openssl === details?.namedCurve)
  if (named) return named
  throw bad(field, 'is not an EC key on a curve that is supported')
}

/** The public half follows from the private one. */
function edwardsPair(key: KeyObject) {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return { spki, material: key.export({ type: 'pkcs8', format: 'der' }) }
}

/** OpenSSL takes any number as the private one, and any public half with it. Takes 5 ms on secp521r1. */
function checkedPair(key: KeyObject, curve: WeierstrassCurve, field: string) {
  const exported = attempt(() => key.export({ type: 'pkcs8', format: 'der' }))
  const [, , octets] = inside(inside({ content: exported })[0])
  const [, scalar, ...others] = inside(inside(octets)[0])
  try {
    const point = scalar && attempt(() => pointTo(scalar.content, curve))
    const spki = point && spkiOfPoint(point, curve)
    const [bits] = inside(others.find(({ tag }) => tag === PUBLIC_KEY))
    // It need not be there.
    const given = bits ? spkiOfPoint(Buffer.from(bytesOfBitString(bits)), curve) : spki
    if (!scalar || !spki || !given?.equals(spki)) throw unfitting(field)
    return { spki, material: ecPkcs8(algorithmOf(spki), scalar.content, point) }
  } finally {
    exported?.fill(0)
  }
}

/** Throws unless the number is less than the order of the curve, and not 0. */
function pointTo(scalar: Uint8Array, curve: WeierstrassCurve): Buffer {
  const ecdh = createECDH(CURVES[curve].openssl)
  ecdh.setPrivateKey(scalar)
  return ecdh.getPublicKey()
}

/** OpenSSL does not look. A point of small order would verify signatures that nobody made. */
async function isEd25519Point(spki: Buffer): Promise<boolean> {
  const { ed25519 } = await import('@noble/curves/ed25519.js')
  return attempt(() => !ed25519.Point.fromBytes(spki.subarray(-32)).isSmallOrder()) ?? false
}

const inside = (element: Pick<Element, 'content'> | { content: undefined } | undefined): readonly Element[] =>
  (element?.content && elements(element.content)) ?? []
