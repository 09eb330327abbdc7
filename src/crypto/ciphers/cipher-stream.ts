/** One message on its way through a cipher, in parts or all at once. */
import type { KeyObject } from 'node:crypto'
import { HsmError } from '../../contract/errors.ts'

export type Direction = 'encrypt' | 'decrypt'

/** After an error, and after `finish`, it must only be closed. */
export type CipherStream = {
  /**
   * @param part is not needed any more afterwards
   * @returns what is ready: whole blocks, or nothing
   * @throws HsmError `invalid-data`, `decryption-failed` or `too-large`
   */
  update(part: Buffer): Buffer
  /**
   * @param key the same as at the beginning
   * @param last may be empty
   * @throws HsmError `invalid-data`, `decryption-failed` or `too-large`
   */
  finish(key: KeyObject, last: Buffer): Buffer | Promise<Buffer>
  /** Bytes that are kept of the message. */
  held(): number
  /** Wipes what is kept. May be called more than once. */
  close(): void
}

/**
 * Whatever is wrong with a ciphertext, its key or its parameters: one answer, so that the error tells nothing of the
 * plaintext (S. Vaudenay, EUROCRYPT 2002; D. Bleichenbacher, CRYPTO '98).
 */
export const decryptionFailed = (): HsmError => new HsmError('decryption-failed')

/** Without a copy when one of them is empty. */
export function join(first: Buffer, second: Buffer): Buffer {
  if (first.length === 0) return second
  return second.length === 0 ? first : Buffer.concat([first, second])
}
