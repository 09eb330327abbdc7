/** Keys as the HSM takes them, from the numbers that PKCS#11 attributes have. */

import { bitString, NULL, octetsOf, sequence, unsigned } from '../../base/der.ts'
import { ecPkcs8, rsaPkcs8 } from '../../base/pkcs8.ts'
import type { Curve } from '../../contract/algorithms.ts'
import { ecParams } from './curves.ts'

/** Object identifiers in DER: RFC 8017 §A.1, RFC 5480 §2.1.1. */
const RSA_ENCRYPTION = Buffer.from('06092a864886f70d010101', 'hex')
const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex')

const rsaAlgorithm = (): Uint8Array => sequence(RSA_ENCRYPTION, NULL)
/** Ed25519 has neither parameters nor the general identifier (RFC 8410 §3). */
const curveAlgorithm = (curve: Curve): Uint8Array =>
  curve === 'ed25519' ? sequence(ecParams(curve)) : sequence(EC_PUBLIC_KEY, ecParams(curve))

/** SubjectPublicKeyInfo (RFC 5280 §4.1) of RSAPublicKey (RFC 8017 §A.1.1). */
export const rsaPublicKey = (modulus: Buffer, publicExponent: Buffer): Buffer =>
  asBuffer(sequence(rsaAlgorithm(), bitString(sequence(unsigned(modulus), unsigned(publicExponent)))))

/** SubjectPublicKeyInfo of a point (RFC 5480 §2.2), which the caller has bare. */
export const ecPublicKey = (curve: Curve, point: Uint8Array): Buffer =>
  asBuffer(sequence(curveAlgorithm(curve), bitString(point)))

/** Big-endian, with or without leading zeros, as attributes have them (PKCS#11 v2.40 mechanisms §2.1.3). */
export type RsaPrivateNumbers = {
  readonly modulus: Buffer
  readonly publicExponent: Buffer
  readonly privateExponent: Buffer
  readonly prime1: Buffer
  readonly prime2: Buffer
  readonly exponent1: Buffer
  readonly exponent2: Buffer
  readonly coefficient: Buffer
}

/** PKCS #8 of RSAPrivateKey (RFC 8017 §A.1.2). The caller wipes it. */
export const rsaPrivateKey = (numbers: RsaPrivateNumbers): Buffer =>
  rsaPkcs8(rsaAlgorithm(), [
    numbers.modulus,
    numbers.publicExponent,
    numbers.privateExponent,
    numbers.prime1,
    numbers.prime2,
    numbers.exponent1,
    numbers.exponent2,
    numbers.coefficient,
  ])

/** PKCS #8 of ECPrivateKey (RFC 5915 §3), with its point if that is given. The caller wipes it. */
export function ecPrivateKey(curve: Curve, scalar: Buffer, fieldBytes: number, point?: Uint8Array): Buffer {
  const padded = Buffer.alloc(fieldBytes)
  scalar.copy(padded, fieldBytes - scalar.length)
  const whole = ecPkcs8(curveAlgorithm(curve), padded, point)
  padded.fill(0)
  return whole
}

type PublicFacts = {
  readonly modulus: unknown
  readonly publicExponent: unknown
  readonly curve: Curve | undefined
  readonly ecPoint: unknown
}

/** SubjectPublicKeyInfo of a key as the HSM shows it; undefined where that does not tell (ML-DSA). */
export function publicKeyInfo({ modulus, publicExponent, curve, ecPoint }: PublicFacts): Buffer | undefined {
  if (typeof modulus === 'string' && typeof publicExponent === 'string')
    return rsaPublicKey(fromHex(modulus), fromHex(publicExponent))
  if (curve === undefined || typeof ecPoint !== 'string') return undefined
  const point = octetsOf(fromHex(ecPoint))
  return point && ecPublicKey(curve, point)
}

const fromHex = (text: string): Buffer => Buffer.from(text.slice(2), 'hex')

/** The same bytes, not a copy. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
