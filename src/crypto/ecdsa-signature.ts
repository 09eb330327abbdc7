/**
 * The two encodings of an ECDSA signature: `r‖s`, each as wide as the group order (IEEE P1363), and DER
 * `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279 §2.2.3).
 */

const SEQUENCE = 0x30
const INTEGER = 0x02

/** @param concatenated `r‖s`, twice the width of the group order */
export function toDer(concatenated: Uint8Array): Buffer {
  const width = concatenated.length / 2
  const body = Buffer.concat([
    integer(concatenated.subarray(0, width)),
    integer(concatenated.subarray(width)),
  ])
  return Buffer.concat([header(SEQUENCE, body.length), body])
}

/**
 * @param der a well-formed signature, as OpenSSL makes it
 * @param width of `r` and of `s` in bytes
 */
export function fromDer(der: Buffer, width: number): Buffer {
  const concatenated = Buffer.alloc(2 * width)
  const body = der.subarray(contentStart(der))
  const r = integerContent(body)
  const s = integerContent(body.subarray(contentStart(body) + r.length))
  placeAtEnd(concatenated.subarray(0, width), r)
  placeAtEnd(concatenated.subarray(width), s)
  return concatenated
}

/** X.690 §8.3.2: no byte more than the number and its sign need. */
function integer(unsigned: Uint8Array): Buffer {
  const first = unsigned.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? unsigned.subarray(0, 0) : unsigned.subarray(first)
  const sign = digits.length === 0 || (digits[0] ?? 0) >= 0x80 ? [0] : []
  return Buffer.concat([header(INTEGER, sign.length + digits.length), Buffer.from(sign), digits])
}

/** A signature's content is shorter than 256 bytes for every curve here. */
const header = (tag: number, length: number): Buffer =>
  Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x81, length])

const contentStart = (element: Buffer): number => (element[1] === 0x81 ? 3 : 2)

const integerContent = (element: Buffer): Buffer => element.subarray(2, 2 + (element[1] ?? 0))

function placeAtEnd(field: Buffer, content: Buffer): void {
  const digits = content.subarray(Math.max(0, content.length - field.length))
  digits.copy(field, field.length - digits.length)
}
