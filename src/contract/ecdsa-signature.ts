/**
 * The two encodings of an ECDSA signature: `r‖s`, each as wide as the group order (IEEE P1363), and DER
 * `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279 §2.2.3).
 */
import { elements, INTEGER, SEQUENCE, sequence, unsigned } from '../base/der.ts'

/** @param concatenated `r‖s`, twice the width of the group order */
export function toDer(concatenated: Uint8Array): Uint8Array {
  const width = concatenated.length / 2
  return sequence(unsigned(concatenated.subarray(0, width)), unsigned(concatenated.subarray(width)))
}

/**
 * @param der a well-formed signature, as OpenSSL makes it
 * @param width of `r` and of `s` in bytes
 * @returns `r‖s`
 */
export function fromDer(der: Uint8Array, width: number): Uint8Array {
  const concatenated = new Uint8Array(2 * width)
  // A sequence of 128 bytes and more has another byte of length.
  let at = der[1] === 0x81 ? 3 : 2
  for (const end of [width, 2 * width]) {
    const length = der[at + 1] ?? Number.NaN
    at += 2 + length
    // One byte more than the width is the zero that keeps a number from being negative.
    const digits = der.subarray(at - Math.min(length, width), at)
    concatenated.set(digits, end - digits.length)
  }
  if (at !== der.length) throw new TypeError('It is not the DER of a signature')
  return concatenated
}

/**
 * A signature of unknown origin.
 *
 * @param width of `r` and of `s` in bytes
 * @returns `r‖s`, or undefined for what is not the DER of a signature so wide, to the byte
 */
export function readDer(der: Uint8Array, width: number): Uint8Array | undefined {
  const read = numbersIn(der, width)
  return read && equal(toDer(read), der) ? read : undefined
}

/** Numbers in more bytes than they need, or negative ones, are taken for what they would be without a sign. */
function numbersIn(der: Uint8Array, width: number): Uint8Array | undefined {
  const [signature] = elements(der) ?? []
  const [r, s] = (signature?.tag === SEQUENCE && elements(signature.content)) || []
  if (r?.tag !== INTEGER || s?.tag !== INTEGER) return undefined
  const concatenated = new Uint8Array(2 * width)
  for (const [at, { content }] of [r, s].entries()) {
    const digits = content[0] === 0 ? content.subarray(1) : content
    if (digits.length > width) return undefined
    concatenated.set(digits, (at + 1) * width - digits.length)
  }
  return concatenated
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])
