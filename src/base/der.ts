/** As much of DER (ITU-T X.690) as files and PKCS#11 attributes with keys and certificates need. */

/** Universal tag 2 (ITU-T X.690 §8.3). */
export const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
/** Universal tag 16, constructed (ITU-T X.690 §8.9). */
export const SEQUENCE = 0x30
const CONTEXT = 0xa0

/**
 * X.690 §8.9.
 *
 * @param parts whole elements
 */
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => element(SEQUENCE, ...parts)
/** X.690 §8.7. */
export const octetString = (bytes: Uint8Array): Uint8Array => element(OCTET_STRING, bytes)
/** A whole number of bytes. */
export const bitString = (bytes: Uint8Array): Uint8Array => element(BIT_STRING, Uint8Array.of(0), bytes)
/** `[number] EXPLICIT`, around a whole element. */
export const tagged = (number: number, inner: Uint8Array): Uint8Array => element(CONTEXT | number, inner)
/** As parameters of an algorithm that has none (RFC 8017 §A.1). */
export const NULL: Uint8Array = Uint8Array.of(0x05, 0x00)

/** A number that is not negative, from its big-endian bytes with or without leading zeros. */
export function unsigned(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first)
  const high = (digits[0] ?? 0) >= 0x80
  return element(INTEGER, Uint8Array.of(...(high ? [0] : [])), digits)
}

/** In one piece from the start: parts can be secret, and whoever has them wipes them. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = [tag, ...lengthBytes(length)]
  const whole = new Uint8Array(header.length + length)
  whole.set(header)
  let at = header.length
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const digits = [24, 16, 8, 0].map((bits) => (length >>> bits) & 0xff)
  const shortest = digits.slice(digits.findIndex((byte) => byte !== 0))
  return [0x80 | shortest.length, ...shortest]
}

/** One element as it stands in the bytes it was found in: nothing is copied. */
export type Element = {
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content. */
  readonly whole: Uint8Array
}

/** The elements that follow each other in `bytes`; undefined when they are not DER. */
export function elements(bytes: Uint8Array): readonly Element[] | undefined {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const one = elementAt(bytes, at)
    if (!one) return undefined
    found.push(one)
    at += one.whole.length
  }
  return found
}

function elementAt(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  const start = at + 2 + (first < 0x80 ? 0 : first & 0x7f)
  const length = first < 0x80 ? first : longLength(bytes.subarray(at + 2, start), first & 0x7f)
  const end = start + (length ?? Number.POSITIVE_INFINITY)
  if (end > bytes.length) return undefined
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }
}

/** Of 1 to 4 bytes, none of them more than the length needs (X.690 §10.1); undefined for another. */
function longLength(digits: Uint8Array, count: number): number | undefined {
  const [first = 0] = digits
  if (count < 1 || count > 4 || digits.length < count || first === 0) return undefined
  if (count === 1 && first < 0x80) return undefined
  return digits.reduce((length, byte) => length * 0x100 + byte, 0)
}

/** The bytes inside a DER OCTET STRING; undefined when it is none. */
export function octetsOf(bytes: Uint8Array): Uint8Array | undefined {
  const [one, ...others] = elements(bytes) ?? []
  return one?.tag === OCTET_STRING && others.length === 0 ? one.content : undefined
}

/** The bytes of a BIT STRING of whole bytes. */
export const bytesOfBitString = ({ content }: Element): Uint8Array => content.subarray(1)
