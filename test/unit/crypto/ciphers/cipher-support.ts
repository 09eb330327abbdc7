/** Ciphers as the tests use them: all at once, or in parts of given sizes. */
import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Cipher } from '../../../../src/contract/mechanisms.ts'
import type { Direction } from '../../../../src/crypto/ciphers/cipher-stream.ts'
import { cipherStream } from '../../../../src/crypto/ciphers/ciphers.ts'

export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')
export const secret = (key: Buffer): KeyObject => createSecretKey(key)

async function whole(key: KeyObject, cipher: Cipher, direction: Direction, data: Buffer): Promise<Buffer> {
  const stream = cipherStream(key, cipher, direction)
  try {
    return await stream.finish(key, data)
  } finally {
    stream.close()
  }
}

export const encrypt = (key: KeyObject, cipher: Cipher, data: Buffer) => whole(key, cipher, 'encrypt', data)
export const decrypt = (key: KeyObject, cipher: Cipher, data: Buffer) => whole(key, cipher, 'decrypt', data)

/** @returns what each step gave; the sizes are of the parts, and the rest is the last one */
export async function inParts(
  key: KeyObject,
  cipher: Cipher,
  direction: Direction,
  data: Buffer,
  sizes: readonly number[],
): Promise<Buffer[]> {
  const stream = cipherStream(key, cipher, direction)
  const results: Buffer[] = []
  let at = 0
  try {
    for (const size of sizes) {
      results.push(stream.update(data.subarray(at, at + size)))
      at += size
    }
    results.push(await stream.finish(key, data.subarray(at)))
    return results
  } finally {
    stream.close()
  }
}

const iv = (bytes: number): Buffer => randomBytes(bytes)

export const SYMMETRIC: readonly Cipher[] = [
  { name: 'aes-ecb' },
  { name: 'aes-cbc', iv: iv(16) },
  { name: 'aes-cbc-pad', iv: iv(16) },
  { name: 'aes-ctr', 'counter-block': Buffer.alloc(16), 'counter-bits': 64 },
  { name: 'aes-gcm', iv: iv(12), aad: iv(20), 'tag-length-bits': 96 },
  { name: 'des3-ecb' },
  { name: 'des3-cbc', iv: iv(8) },
  { name: 'des3-cbc-pad', iv: iv(8) },
]

const AES_KEY = secret(randomBytes(32))
const DES3_KEY = secret(randomBytes(24))
export const keyOf = (cipher: Cipher): KeyObject => (cipher.name.startsWith('aes') ? AES_KEY : DES3_KEY)

/** What a message must be a multiple of; 1 for any length. */
export const unitOf = ({ name }: Cipher): number => {
  if (!/-(ecb|cbc)$/.test(name)) return 1
  return name.startsWith('aes') ? 16 : 8
}

export const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
