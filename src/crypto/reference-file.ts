/** Files that name a private key of the HSM where a program expects the key. docs/KEY-FILES.md has the formats. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { bytesOfBitString, type Element, elements, octetString, sequence, unsigned } from '../base/der.ts'
import { ecPkcs8, rsaPkcs8 } from '../base/pkcs8.ts'
import type { ReferenceEncoding } from '../contract/key-files.ts'

/** In front of the reference, where a private key has its secret number. */
const MARK = Buffer.from('strongrm')
const ZERO = unsigned(Buffer.of(0))
const NONE = Buffer.of(0)

/**
 * @param reference `0x` and 16 hex digits
 * @param key private; its public half goes into the file, and nothing else of it
 */
export function referenceFile(encoding: ReferenceEncoding, reference: string, key: KeyObject): string {
  const name = Buffer.from(reference.slice(2), 'hex')
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  if (encoding === 'cloudhsm-reference-pem') {
    return pem('CLOUDHSM KEY REFERENCE', sequence(ZERO, octetString(name), spki))
  }
  const [algorithm, publicKey] = inside(spki)
  const shape = key.asymmetricKeyType === 'rsa' ? rsaFile : ecFile
  return pem('PRIVATE KEY', shape(algorithm.whole, publicKey, Buffer.concat([MARK, name])))
}

/** With primes of 0 no program computes anything with it. */
function rsaFile(algorithm: Uint8Array, publicKey: Element, number: Uint8Array): Buffer {
  const [modulus, exponent] = inside(bytesOfBitString(publicKey))
  return rsaPkcs8(algorithm, [modulus.content, exponent.content, number, NONE, NONE, NONE, NONE, NONE])
}

/** The number is as long as the order of the curve (RFC 5915 §3), and the public key is told. */
function ecFile(algorithm: Uint8Array, publicKey: Element, number: Uint8Array): Buffer {
  const point = bytesOfBitString(publicKey)
  const bytes = (point.length - 1) / 2
  const scalar = new Uint8Array(bytes)
  scalar.set(number, bytes - number.length)
  return ecPkcs8(algorithm, scalar, point)
}

/** The two elements of a sequence that OpenSSL made. */
function inside(der: Uint8Array): readonly [Element, Element] {
  const [first, second] = elements(elements(der)?.[0]?.content ?? new Uint8Array()) ?? []
  if (!first || !second) throw new Error('The public key is not a SubjectPublicKeyInfo')
  return [first, second]
}

/** RFC 7468 §3. */
function pem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
