import * as v from 'valibot'

/** Bytes as they travel: base64 with padding (RFC 4648 §4), and no more than `maxBytes` of them. */
export const base64 = (maxBytes: number) =>
  v.pipe(
    v.string(),
    v.maxLength(Math.ceil(maxBytes / 3) * 4, `must be at most ${maxBytes} bytes`),
    v.base64('must be base64'),
  )

/** Exactly so many bytes, as base64. */
export const base64Of = (bytes: number) =>
  v.pipe(
    base64(bytes),
    v.check((text) => byteLength(text) === bytes, `must be ${bytes} bytes`),
  )

/** Bytes that base64 with padding stands for. */
export const byteLength = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
