/** Bytes as this process has them. Text that stands for bytes is base64 with padding (RFC 4648 §4). */
export type Bytes = Buffer

/** The same memory. */
export const asBytes = (given: Uint8Array): Bytes =>
  Buffer.isBuffer(given) ? given : Buffer.from(given.buffer, given.byteOffset, given.byteLength)

export const isBytes = (value: unknown): value is Bytes => Buffer.isBuffer(value)

/** Undefined unless the text is what is written for some bytes, to the last bit: Node leaves out whatever it does not know. */
export function fromBase64(text: string): Bytes | undefined {
  const decoded = Buffer.from(text, 'base64')
  if (decoded.toString('base64') === text) return decoded
  decoded.fill(0)
  return undefined
}

export const toBase64 = (given: Uint8Array): string => asBytes(given).toString('base64')

/** None. Shared, as there is nothing to write to. */
export const NO_BYTES: Bytes = Buffer.alloc(0)
