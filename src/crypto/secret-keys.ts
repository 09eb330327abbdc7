/** AES keys, triple DES keys and generic secrets. */
import { createCipheriv, randomBytes } from 'node:crypto'
import type { SecretKeyType } from '../contract/key-kinds.ts'

/** In clear: whoever has it wipes it. */
export function generateSecret(keyType: SecretKeyType, bytes: number): Buffer {
  const raw = randomBytes(bytes)
  if (keyType === 'des3') setParity(raw)
  return raw
}

/** Every byte of a DES key has an odd number of ones; the lowest bit sees to that (SP 800-67 §3.2). */
function setParity(raw: Buffer): void {
  for (const [index, byte] of raw.entries()) {
    let parity = 1
    for (let bits = byte >> 1; bits > 0; bits >>= 1) parity ^= bits & 1
    raw[index] = (byte & 0xfe) | parity
  }
}

/** `0x` hex; generic secrets have none. @param raw a key of a length that its type can have */
export function checkValueOf(keyType: SecretKeyType, raw: Uint8Array): string | undefined {
  switch (keyType) {
    case 'aes':
      return aesCheckValue(raw)
    case 'des3':
      return des3CheckValue(raw)
    case 'generic-secret':
      return undefined
  }
}

/**
 * The first 3 bytes of the encryption of a block of zeros (PKCS#11 v3.1 §4.10.2), `0x` hex.
 *
 * @param raw the key, of 16, 24 or 32 bytes
 */
export function aesCheckValue(raw: Uint8Array): string {
  const block = createCipheriv(`aes-${raw.length * 8}-ecb`, raw, null).update(Buffer.alloc(16))
  return `0x${block.toString('hex', 0, 3)}`
}

/** Three keys of DES with their parity bits (NIST SP 800-67 §3.1). */
export const DES3_BYTES = 24

/** The same of a block of 8 zeros. @param raw the key, of 24 bytes */
function des3CheckValue(raw: Uint8Array): string {
  const block = createCipheriv('des-ede3', raw, null).update(Buffer.alloc(8))
  return `0x${block.toString('hex', 0, 3)}`
}
