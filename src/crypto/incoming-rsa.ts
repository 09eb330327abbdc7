/** RSA keys made elsewhere. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { LIMITS } from '../contract/limits.ts'
import { toHex } from '../model/octets.ts'
import { attempt, bad, readDer, unfitting } from './incoming-der.ts'
import { opensslAvailable } from './openssl.ts'
import { privateKeyLength, publicCheckValue, publicKeyLength, rsaFacts } from './public-facts.ts'
import { isSoundRsa } from './rsa-check.ts'

/**
 * SubjectPublicKeyInfo in DER (RFC 8017 §A.1).
 *
 * @throws HsmError `invalid-data` naming the field
 */
export async function readRsaPublic(bytes: Buffer, field: string) {
  const key = read('spki', bytes, field)
  const spki = key.export({ type: 'spki', format: 'der' })
  const facts = factsOf(key, spki, field)
  if (opensslAvailable() && !(await isSoundRsa(spki, false))) {
    throw bad(field, 'has a modulus that is not the product of two large primes')
  }
  return { ...facts, keyLengthBytes: publicKeyLength('rsa', spki), material: spki }
}

/**
 * PKCS #8 in DER (RFC 8017 §A.1.2).
 *
 * @throws HsmError `invalid-data` naming the field
 */
export async function readRsaPrivate(bytes: Buffer, field: string) {
  const key = read('pkcs8', bytes, field)
  const publicKey = createPublicKey(key)
  const facts = factsOf(publicKey, publicKey.export({ type: 'spki', format: 'der' }), field)
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  if (!(await belongTogether(key, publicKey, pkcs8))) {
    pkcs8.fill(0)
    throw unfitting(field)
  }
  return { ...facts, keyLengthBytes: privateKeyLength('rsa', pkcs8), material: pkcs8 }
}

function read(type: 'spki' | 'pkcs8', bytes: Buffer, field: string): KeyObject {
  const key = readDer(type, bytes)
  if (key?.asymmetricKeyType === 'rsa') return key
  throw bad(field, 'is not an RSA key')
}

/** FIPS 186-5 §A.1.1, with exponents from 3 on as others make them. */
function factsOf(publicKey: KeyObject, spki: Buffer, field: string) {
  const { publicExponent: exponent = 0n, modulusLength: bits = 0 } = publicKey.asymmetricKeyDetails ?? {}
  const { modulusBitsMin: min, modulusBitsMax: max } = LIMITS
  if (bits < min || bits > max) throw bad(field, `must have a modulus of ${min} to ${max} bits`)
  if (exponent < 3n || exponent % 2n === 0n || exponent > LIMITS.publicExponentMax) {
    throw bad(field, 'must have an odd public exponent of 3 to 2^32 - 1')
  }
  const rsa = rsaFacts(spki)
  if (Number.parseInt(toHex(rsa.modulus).slice(-1), 16) % 2 === 0)
    throw bad(field, 'must have an odd modulus')
  return { checkValue: publicCheckValue(spki), rsa, ec: undefined }
}

/**
 * OpenSSL reads a key whose numbers do not fit each other, and uses it (FIPS 140-3 IG 10.3.A). Without access to
 * OpenSSL only that it signs what its public half verifies is known.
 */
async function belongTogether(key: KeyObject, publicKey: KeyObject, pkcs8: Buffer): Promise<boolean> {
  if (opensslAvailable()) return isSoundRsa(pkcs8, true)
  const probe = Buffer.from('pairwise consistency test')
  return attempt(() => verify('sha256', probe, publicKey, sign('sha256', probe, key))) ?? false
}
