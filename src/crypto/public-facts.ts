/** What a public key, given as DER SubjectPublicKeyInfo, shows of itself and of its private half. */
import { createHash, createPublicKey, ECDH, type KeyObject } from 'node:crypto'
import { CURVES, type Curve, type WeierstrassCurve } from '../contract/algorithms.ts'
import { barePoint, isPoint } from '../contract/ec-points.ts'
import { HsmError } from '../contract/errors.ts'
import { toOctets } from '../model/octets.ts'
import type { EcFacts, RsaFacts } from '../model/records.ts'
import { isMlDsa, type KeyFamily } from './key-family.ts'
import { ML_DSA_SIZES } from './ml-dsa.ts'

/** What stands before the point when it is not compressed and the curve is named (RFC 5480 §2; RFC 8410 §4), in hex. */
const SPKI_PREFIX: Readonly<Record<Curve, string>> = {
  secp224r1: '304e301006072a8648ce3d020106052b81040021033a00',
  secp256r1: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  secp256k1: '3056301006072a8648ce3d020106052b8104000a034200',
  secp384r1: '3076301006072a8648ce3d020106052b81040022036200',
  secp521r1: '30819b301006072a8648ce3d020106052b8104002303818600',
  ed25519: '302a300506032b6570032100',
}

/** First byte of an uncompressed point (SEC 1 §2.3.3). */
const UNCOMPRESSED = 4
const OCTET_STRING = 4
const ED25519_POINT_BYTES = 32

/** The first 3 bytes of the SHA-1 of the SubjectPublicKeyInfo, `0x` hex; both halves of a pair show it. */
export const publicCheckValue = (spki: Buffer): string =>
  `0x${createHash('sha1').update(spki).digest('hex').slice(0, 6)}`

/** Throws `invalid-data` if it is not an RSA key. */
export function rsaFacts(spki: Buffer): RsaFacts {
  const key = parse(spki)
  const { n, e } = key.asymmetricKeyType === 'rsa' ? key.export({ format: 'jwk' }) : {}
  const modulusSizeBits = key.asymmetricKeyDetails?.modulusLength
  if (n === undefined || e === undefined || modulusSizeBits === undefined) throw unfit('an RSA key')
  return { publicExponent: hex(fromBase64url(e)), modulus: toOctets(fromBase64url(n)), modulusSizeBits }
}

/** Throws `invalid-data` if it is not an uncompressed point on that curve, given by its name. */
export function ecFacts(spki: Buffer, curve: Curve): EcFacts {
  return { ecPoint: toOctets(octetString(pointOf(spki, curve))), curve }
}

/**
 * SubjectPublicKeyInfo with the point in the one form in which keys keep it: not compressed, on a curve given by its
 * name.
 *
 * @param given the point, compressed or not, bare or in a DER OCTET STRING
 * @returns undefined if it is no point of that curve, or the one at infinity
 */
export function spkiOfPoint(given: Buffer, curve: Curve): Buffer | undefined {
  const bare = Buffer.from(barePoint(given, curve))
  const point = curve === 'ed25519' ? bare : uncompressed(bare, curve)
  return point && Buffer.concat([Buffer.from(SPKI_PREFIX[curve], 'hex'), point])
}

/** OpenSSL checks that it is on the curve. */
function uncompressed(point: Buffer, curve: WeierstrassCurve): Buffer | undefined {
  if (!isPoint(point, curve)) return undefined
  try {
    const { openssl } = CURVES[curve]
    return ECDH.convertKey(point, openssl, undefined, undefined, 'uncompressed') as Buffer
  } catch {
    return undefined
  }
}

/** As {@link spkiOfPoint}. */
export function publicKeyOfPoint(given: Buffer, curve: WeierstrassCurve): KeyObject | undefined {
  const spki = spkiOfPoint(given, curve)
  return spki && parse(spki)
}

/** X.690 §8.1.3: from 128 bytes on the length takes a byte more. */
function octetString(point: Buffer): Buffer {
  const header = point.length < 0x80 ? [OCTET_STRING, point.length] : [OCTET_STRING, 0x81, point.length]
  return Buffer.concat([Buffer.from(header), point])
}

/**
 * `key-length-bytes` of a public key: RSA twice as long as the modulus, EC as the uncompressed point, ML-DSA as FIPS
 * 204 has it. Throws `invalid-data` if it is not a key of that family.
 */
export function publicKeyLength(family: KeyFamily, spki: Buffer): number {
  if (family === 'rsa') return Math.ceil(rsaFacts(spki).modulusSizeBits / 8) * 2
  if (!isMlDsa(family)) return pointOf(spki, family).length
  if (parse(spki).asymmetricKeyType !== family.toLowerCase()) throw unfit(`an ${family} key`)
  return ML_DSA_SIZES[family].publicKey
}

/** `key-length-bytes` of a private key: the length of its PKCS #8 DER, of ML-DSA that of FIPS 204. */
export const privateKeyLength = (family: KeyFamily, pkcs8: Buffer): number =>
  isMlDsa(family) ? ML_DSA_SIZES[family].privateKey : pkcs8.length

/** PEM with the label `PUBLIC KEY` (RFC 7468 §13), ending in a line feed. */
export const toPem = (spki: Buffer): string => parse(spki).export({ type: 'spki', format: 'pem' }).toString()

/** Throws `invalid-data` if it is not a point on that curve. */
function pointOf(spki: Buffer, curve: Curve): Buffer {
  const prefix = Buffer.from(SPKI_PREFIX[curve], 'hex')
  const point = spki.subarray(prefix.length)
  if (!spki.subarray(0, prefix.length).equals(prefix) || !isEncoded(point, curve)) {
    throw unfit(`an uncompressed point on ${curve}`)
  }
  parse(spki)
  return point
}

const isEncoded = (point: Buffer, curve: Curve): boolean =>
  curve === 'ed25519'
    ? point.length === ED25519_POINT_BYTES
    : point.length === 1 + 2 * CURVES[curve].fieldBytes && point[0] === UNCOMPRESSED

/** Reading the key also checks that its point is on the curve. */
function parse(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch (cause) {
    throw new HsmError('invalid-data', 'The public key is not a SubjectPublicKeyInfo', { cause })
  }
}

const unfit = (what: string): HsmError => new HsmError('invalid-data', `The public key is not ${what}`)

const hex = (bytes: Buffer): string => `0x${bytes.toString('hex')}`

/** A number of a JWK, which like ours has whole bytes and no leading zeros (RFC 7518 §2). */
const fromBase64url = (number: string): Buffer => Buffer.from(number, 'base64url')
