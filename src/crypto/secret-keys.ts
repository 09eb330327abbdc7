/** AES keys, triple DES keys and generic secrets. */
import { createCipheriv, randomBytes } from 'node:crypto'

/** In clear: whoever has it wipes it. */
export const generateSecret = (bytes: number): Buffer => randomBytes(bytes)

/**
 * The first 3 bytes of the encryption of a block of zeros (PKCS#11 v3.1 §4.10.2), `0x` hex.
 *
 * @param raw the key, of 16, 24 or 32 bytes
 */
export function aesCheckValue(raw: Uint8Array): string {
  const block = createCipheriv(`aes-${raw.length * 8}-ecb`, raw, null).update(Buffer.alloc(16))
  return `0x${block.toString('hex', 0, 3)}`
}

export const DES3_BYTES = 24

/** The same of a block of 8 zeros. @param raw the key, of 24 bytes */
export function des3CheckValue(raw: Uint8Array): string {
  const block = createCipheriv('des-ede3', raw, null).update(Buffer.alloc(8))
  return `0x${block.toString('hex', 0, 3)}`
}
