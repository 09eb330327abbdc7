import { bitString, elements, octetString, sequence, tagged, unsigned } from '../base/der.ts'

/**
 * PKCS #8 (RFC 5958 §2) of ECPrivateKey (RFC 5915 §3) as OpenSSL writes it: the curve by its name in the algorithm
 * alone, and the point with it.
 *
 * @param spki of the public half
 * @param point uncompressed
 * @param scalar as wide as the field
 * @returns the caller's to wipe
 */
export function ecPkcs8(spki: Buffer, point: Buffer, scalar: Uint8Array): Buffer {
  const [info] = elements(spki) ?? []
  const [algorithm] = (info && elements(info.content)) ?? []
  if (!algorithm) throw new Error('The public half is no SubjectPublicKeyInfo')
  const number = octetString(scalar)
  const key = sequence(unsigned(Uint8Array.of(1)), number, tagged(1, bitString(point)))
  const octets = octetString(key)
  const whole = sequence(unsigned(Uint8Array.of(0)), algorithm.whole, octets)
  for (const secret of [number, key, octets]) secret.fill(0)
  return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
}
