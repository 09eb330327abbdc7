/** As much of DER (ITU-T X.690) as keys and certificates in PKCS#11 attributes need. */

const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const SEQUENCE = 0x30

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(SEQUENCE, Buffer.concat(parts))
export const octetString = (bytes: Uint8Array): Buffer => element(OCTET_STRING, bytes)
/** A whole number of bytes. */
export const bitString = (bytes: Uint8Array): Buffer =>
  element(BIT_STRING, Buffer.concat([Buffer.of(0), bytes]))
export const NULL: Buffer = Buffer.of(0x05, 0x00)

/** A number that is not negative, from its big-endian bytes with or without leading zeros. */
export function unsigned(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.of(0) : bytes.subarray(first)
  const high = (digits[0] ?? 0) >= 0x80
  return element(INTEGER, high ? Buffer.concat([Buffer.of(0), digits]) : digits)
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthBytes(content.length), content])
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const digits = Buffer.alloc(4)
  digits.writeUInt32BE(length)
  const shortest = digits.subarray(digits.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.of(0x80 | shortest.length), shortest])
}

export type Element = {
  readonly tag: number
  readonly content: Buffer
  /** Tag, length and content. */
  readonly whole: Buffer
}

/** The elements that follow each other in `bytes`; undefined when they are not DER. */
export function elements(bytes: Buffer): readonly Element[] | undefined {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const one = elementAt(bytes, at)
    if (!one) return undefined
    found.push(one)
    at += one.whole.length
  }
  return found
}

function elementAt(bytes: Buffer, at: number): Element | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  const long = first < 0x80 ? 0 : first & 0x7f
  if (long > 4 || first === 0x80 || at + 2 + long > bytes.length) return undefined
  const length = long === 0 ? first : bytes.readUIntBE(at + 2, long)
  const start = at + 2 + long
  const end = start + length
  if (end > bytes.length) return undefined
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }
}

/** The bytes inside a DER OCTET STRING; undefined when it is none. */
export function octetsOf(bytes: Buffer): Buffer | undefined {
  const [one, ...others] = elements(bytes) ?? []
  return one?.tag === OCTET_STRING && others.length === 0 ? one.content : undefined
}
