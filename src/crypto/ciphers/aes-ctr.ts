/** AES in counter mode (NIST SP 800-38A §6.5). */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { HsmError } from '../../contract/errors.ts'
import type { Cipher } from '../../contract/mechanisms.ts'
import type { CipherStream, Direction } from './cipher-stream.ts'
import { aes, contextStream } from './node-cipher.ts'

type Ctr = Extract<Cipher, { name: 'aes-ctr' }>

const BLOCK_BYTES = 16

/**
 * OpenSSL counts with all 128 bits. With fewer that is the same as long as the counter does not run over, and there the
 * message ends in any case: the next counter block would have been used before (SP 800-38A §B.1).
 */
export function ctrStream(key: KeyObject, cipher: Ctr, direction: Direction): CipherStream {
  const counterBlock = cipher['counter-block']
  const longest = longestMessage(counterBlock, cipher['counter-bits'])
  const create = direction === 'encrypt' ? createCipheriv : createDecipheriv
  let size = 0
  return contextStream(create(`${aes(key)}-ctr`, key, counterBlock), direction, (part) => {
    size += part?.length ?? 0
    if (size > longest) {
      throw new HsmError(
        'invalid-data',
        `data must be at most ${longest} bytes with this counter-block and counter-bits: the counter would wrap`,
      )
    }
  })
}

/** In bytes; beyond 2^53 nobody will count. */
function longestMessage(counterBlock: Buffer, counterBits: number): number {
  const counter = BigInt.asUintN(counterBits, BigInt(`0x${counterBlock.toString('hex')}`))
  return Number((1n << BigInt(counterBits)) - counter) * BLOCK_BYTES
}
