/** PKCS #8 (RFC 5208 §5; RFC 5958 §2): private keys in DER, as the HSM takes and keeps them. */
import { bitString, octetString, sequence, tagged, unsigned } from './der.ts'

const ZERO = unsigned(Uint8Array.of(0))
const ONE = unsigned(Uint8Array.of(1))

/**
 * PrivateKeyInfo. The caller wipes it.
 *
 * @param algorithm AlgorithmIdentifier, a whole element
 * @param privateKey in the form that the algorithm has for it; wiped here
 */
function pkcs8(algorithm: Uint8Array, privateKey: Uint8Array): Buffer {
  const octets = octetString(privateKey)
  const { buffer, byteOffset, byteLength } = sequence(ZERO, algorithm, octets)
  privateKey.fill(0)
  octets.fill(0)
  return Buffer.from(buffer, byteOffset, byteLength)
}

/**
 * The same of ECPrivateKey (RFC 5915 §3), without the curve, which is in the algorithm. The caller wipes it.
 *
 * @param scalar as wide as the field
 * @param point of the public half, encoded (SEC 1 §2.3.3); left out of the key when it is not given
 */
export function ecPkcs8(algorithm: Uint8Array, scalar: Uint8Array, point?: Uint8Array): Buffer {
  const octets = octetString(scalar)
  const key = sequence(ONE, octets, ...(point ? [tagged(1, bitString(point))] : []))
  octets.fill(0)
  return pkcs8(algorithm, key)
}

/** And of RSAPrivateKey (RFC 8017 §A.1.2). The caller wipes it. @param numbers from the modulus to the coefficient, big-endian */
export function rsaPkcs8(algorithm: Uint8Array, numbers: readonly Uint8Array[]): Buffer {
  const parts = numbers.map(unsigned)
  const key = sequence(ZERO, ...parts)
  for (const part of parts) part.fill(0)
  return pkcs8(algorithm, key)
}
