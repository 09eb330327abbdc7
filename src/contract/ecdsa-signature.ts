/**
 * The two encodings of an ECDSA signature: `r‖s`, each as wide as the group order (IEEE P1363), and DER
 * `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279 §2.2.3).
 */

const SEQUENCE = 0x30
const INTEGER = 0x02

/** @param concatenated `r‖s`, twice the width of the group order */
export function toDer(concatenated: Uint8Array): Uint8Array {
  const width = concatenated.length / 2
  const body = [...integer(concatenated.subarray(0, width)), ...integer(concatenated.subarray(width))]
  return Uint8Array.of(...header(SEQUENCE, body.length), ...body)
}

/**
 * @param der a well-formed signature, as OpenSSL makes it
 * @param width of `r` and of `s` in bytes
 */
export function fromDer(der: Uint8Array, width: number): Uint8Array {
  const concatenated = new Uint8Array(2 * width)
  const body = der.subarray(contentStart(der))
  const r = integerContent(body)
  const s = integerContent(body.subarray(contentStart(body) + r.length))
  placeAtEnd(concatenated.subarray(0, width), r)
  placeAtEnd(concatenated.subarray(width), s)
  return concatenated
}

/**
 * A signature of unknown origin.
 *
 * @param width of `r` and of `s` in bytes
 * @returns `r‖s`, or undefined for what is not the DER of a signature so wide, to the byte
 */
export function readDer(der: Uint8Array, width: number): Uint8Array | undefined {
  const read = fromDer(der, width)
  return equal(toDer(read), der) ? read : undefined
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

/** X.690 §8.3.2: no byte more than the number and its sign need. */
function integer(unsigned: Uint8Array): readonly number[] {
  const first = unsigned.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? [] : [...unsigned.subarray(first)]
  const sign = (digits[0] ?? 0x80) >= 0x80 ? [0] : []
  return [...header(INTEGER, sign.length + digits.length), ...sign, ...digits]
}

/** A signature's content is shorter than 256 bytes for every curve here. */
const header = (tag: number, length: number): readonly number[] =>
  length < 0x80 ? [tag, length] : [tag, 0x81, length]

const contentStart = (element: Uint8Array): number => (element[1] === 0x81 ? 3 : 2)

const integerContent = (element: Uint8Array): Uint8Array => element.subarray(2, 2 + (element[1] ?? 0))

function placeAtEnd(field: Uint8Array, content: Uint8Array): void {
  const digits = content.subarray(Math.max(0, content.length - field.length))
  field.set(digits, field.length - digits.length)
}
