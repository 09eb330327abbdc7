/** Keys made elsewhere: nothing about them is believed that has not been checked. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import { CURVES, type Curve } from '../contract/mechanisms.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../contract/wrapping.ts'
import type { KeyRecord } from '../model/records.ts'
import { ecFacts, privateKeyLength, publicCheckValue, publicKeyLength, rsaFacts } from './public-facts.ts'
import { checkValueOf, DES3_BYTES, type SecretKeyType } from './secret-keys.ts'

/** What is known of a key, and the key itself in its one encoding, in clear: whoever has it wipes it. */
export type IncomingKey = Pick<
  KeyRecord,
  'keyType' | 'keyClass' | 'checkValue' | 'keyLengthBytes' | 'rsa' | 'ec'
> & { readonly material: Buffer }

/**
 * @param bytes raw, PKCS #8 DER or SubjectPublicKeyInfo DER
 * @throws HsmError `invalid-data` naming what is wrong with `field`
 */
export function readIncomingKey(name: KeyTypeClass, bytes: Buffer, field: string): IncomingKey {
  const { keyClass, keyType } = KEY_TYPE_CLASSES[name]
  if (keyType === 'rsa' || keyType === 'ec') {
    return {
      keyClass,
      keyType,
      ...(keyClass === 'private-key' ? readPrivate : readPublic)(keyType, bytes, field),
    }
  }
  checkLength(keyType, bytes, field)
  const secret = { keyClass, keyType, material: Buffer.from(bytes), rsa: undefined, ec: undefined }
  return { ...secret, keyLengthBytes: bytes.length, checkValue: checkValueOf(keyType, bytes) }
}

function checkLength(keyType: SecretKeyType, { length }: Buffer, field: string): void {
  switch (keyType) {
    case 'aes':
      if (![16, 24, 32].includes(length)) throw bad(field, 'must be 16, 24 or 32 bytes')
      return
    case 'des3':
      if (length !== DES3_BYTES) throw bad(field, `must be ${DES3_BYTES} bytes`)
      return
    case 'generic-secret': {
      const { genericSecretBytes: most } = LIMITS
      if (length < 1 || length > most) throw bad(field, `must be 1 to ${most} bytes`)
    }
  }
}

type Asymmetric = Omit<IncomingKey, 'keyType' | 'keyClass'>
type Type = 'rsa' | 'ec'

function readPublic(type: Type, bytes: Buffer, field: string): Asymmetric {
  const key = parsed(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' }), type, field)
  const spki = key.export({ type: 'spki', format: 'der' })
  const { family, ...facts } = factsOf(type, key, spki, field)
  return { ...facts, keyLengthBytes: publicKeyLength(family, spki), material: spki }
}

function readPrivate(type: Type, bytes: Buffer, field: string): Asymmetric {
  const key = parsed(() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }), type, field)
  const publicKey = createPublicKey(key)
  const { family, ...facts } = factsOf(
    type,
    publicKey,
    publicKey.export({ type: 'spki', format: 'der' }),
    field,
  )
  checkPair(family, key, publicKey, field)
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  return { ...facts, keyLengthBytes: privateKeyLength(family, pkcs8), material: pkcs8 }
}

function factsOf(type: Type, key: KeyObject, spki: Buffer, field: string) {
  const checkValue = publicCheckValue(spki)
  if (type === 'ec') {
    const curve = curveOf(key) ?? unfit(field, 'an EC key on a curve that is supported')
    return { family: curve, checkValue, rsa: undefined, ec: ecFacts(spki, curve) } as const
  }
  const rsa = rsaFacts(spki)
  const { modulusBitsMin: min, modulusBitsMax: max } = LIMITS
  if (rsa.modulusSizeBits < min || rsa.modulusSizeBits > max) {
    throw bad(field, `must have a modulus of ${min} to ${max} bits`)
  }
  const exponent = BigInt(rsa.publicExponent)
  if (exponent < 3n || exponent % 2n === 0n || exponent > LIMITS.publicExponentMax) {
    throw bad(field, 'must have an odd public exponent of 3 to 2^32 - 1')
  }
  return { family: 'rsa', checkValue, rsa, ec: undefined } as const
}

function curveOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Curve | undefined {
  if (type === 'ed25519') return type
  const named = (Object.keys(CURVES) as (keyof typeof CURVES)[]).find(
    (curve) => CURVES[curve].openssl === details?.namedCurve,
  )
  return named
}

/** The halves belong together: OpenSSL reads an RSA key whose numbers do not fit each other (FIPS 140-3 IG 10.3.A). */
function checkPair(family: 'rsa' | Curve, key: KeyObject, publicKey: KeyObject, field: string): void {
  const probe = Buffer.from('pairwise consistency test')
  const hash = family === 'ed25519' ? null : 'sha256'
  const fits = () => verify(hash, probe, publicKey, sign(hash, probe, key))
  if (!attempt(fits)) throw bad(field, 'is not a key whose numbers belong together')
}

/** What OpenSSL says may quote the input. */
function parsed(read: () => KeyObject, type: Type, field: string): KeyObject {
  const key = attempt(read)
  const right = type === 'rsa' ? key?.asymmetricKeyType === 'rsa' : isCurve(key)
  return key && right ? key : unfit(field, `an ${type.toUpperCase()} key`)
}

const isCurve = (key: KeyObject | undefined): boolean =>
  key?.asymmetricKeyType === 'ec' || key?.asymmetricKeyType === 'ed25519'

function attempt<R>(work: () => R): R | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

const bad = (field: string, rule: string): HsmError => new HsmError('invalid-data', `${field} ${rule}`)

function unfit(field: string, what: string): never {
  throw bad(field, `is not ${what}`)
}
