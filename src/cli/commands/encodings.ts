/** Bytes on the command line and in its output. */
import { fromBase64 } from '../../base/bytes.ts'
import { HsmError } from '../../contract/errors.ts'

/**
 * Standard alphabet with padding (RFC 4648 §4); the empty text too.
 *
 * @param option that gave the text, such as `--data`
 */
export function bytesIn(option: string, text: string): Buffer {
  const bytes = fromBase64(text)
  if (!bytes) throw new HsmError('invalid-data', `${option} must be base64`)
  return bytes
}

/** @param text with `0x` in front or without it */
export function fromHex(option: string, text: string): Buffer {
  const digits = text.replace(/^0x/i, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new HsmError('invalid-data', `${option} must be hexadecimal`)
  }
  return Buffer.from(digits, 'hex')
}

/** `0x` and lower-case digits. */
export const toHex = (bytes: Buffer): string => `0x${bytes.toString('hex')}`
