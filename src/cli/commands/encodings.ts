/** Bytes on the command line and in its output. */
import { HsmError } from '../../contract/errors.ts'

/** @param option that gave the text, such as `--data` */
export function fromBase64(option: string, text: string): Buffer {
  if (!isBase64(text)) throw new HsmError('invalid-data', `${option} must be base64`)
  return Buffer.from(text, 'base64')
}

/** Standard alphabet with padding (RFC 4648 §4); the empty text too. */
export const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

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
