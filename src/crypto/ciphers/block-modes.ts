/** ECB and CBC of AES and of Triple DES, without padding and with that of PKCS #7 (NIST SP 800-38A §6.1 and §6.2). */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { Cipher } from '../../contract/mechanisms.ts'
import type { CipherStream, Direction } from './cipher-stream.ts'
import { aes, contextStream, wholeBlocks } from './node-cipher.ts'

type BlockMode = Extract<Cipher, { name: `${'aes' | 'des3'}-${'ecb' | 'cbc' | 'cbc-pad'}` }>

const BLOCK_BYTES = { aes: 16, des3: 8 } as const

/** When it unpads, the last block is held back until the end, where its padding is checked. */
export function blockModeStream(key: KeyObject, cipher: BlockMode, direction: Direction): CipherStream {
  const [family, mode, padding] = cipher.name.split('-') as ['aes' | 'des3', 'ecb' | 'cbc', 'pad'?]
  const algorithm = `${family === 'aes' ? aes(key) : 'des-ede3'}-${mode}`
  const iv = 'iv' in cipher ? cipher.iv : null
  const create = direction === 'encrypt' ? createCipheriv : createDecipheriv
  const context = create(algorithm, key, iv)
  if (padding) return contextStream(context, direction)
  context.setAutoPadding(false)
  return contextStream(context, direction, wholeBlocks(BLOCK_BYTES[family], direction))
}
