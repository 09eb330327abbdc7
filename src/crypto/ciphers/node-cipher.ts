/** What the symmetric ciphers share: a node:crypto cipher context, and how it is brought to its end. */
import type { Cipheriv, Decipheriv, KeyObject } from 'node:crypto'
import { HsmError } from '../../contract/errors.ts'
import { type CipherStream, type Direction, decryptionFailed, join } from './cipher-stream.ts'

/** What node:crypto goes on with from part to part. */
export type Context = Cipheriv | Decipheriv

/**
 * A stream over a context that hands out blocks as they are ready.
 *
 * @param accept is asked with each part before it is worked on, and once at the end without one; throws its refusal
 */
export function contextStream(
  context: Context,
  direction: Direction,
  accept: (part?: Buffer) => void = () => undefined,
): CipherStream {
  let over = false
  return {
    update(part) {
      accept(part)
      return context.update(part)
    },
    finish(_key, last) {
      accept(last)
      accept()
      over = true
      return ended(context, direction, last)
    },
    held: () => 0,
    close() {
      if (!over) discard(context)
      over = true
    },
  }
}

/** What is still to come; of a decryption that fails nothing is left behind. */
function ended(context: Context, direction: Direction, last: Buffer): Buffer {
  const first = context.update(last)
  try {
    return join(first, context.final())
  } catch (cause) {
    if (direction === 'encrypt') throw cause
    first.fill(0)
    throw decryptionFailed()
  }
}

/** `final` makes OpenSSL let go of the context and wipe the expanded key in it. */
export function discard(context: Context): void {
  try {
    context.final()
  } catch {
    // It was at its end already, or stood in the middle of a block.
  }
}

/** Refuses a message that is not made of whole blocks. */
export function wholeBlocks(blockBytes: number, direction: Direction): (part?: Buffer) => void {
  let size = 0
  return (part) => {
    if (part) size += part.length
    else if (size % blockBytes !== 0) {
      throw direction === 'decrypt'
        ? decryptionFailed()
        : new HsmError('invalid-data', `data must be a multiple of ${blockBytes} bytes without padding`)
    }
  }
}

/** `aes-256`, by the length of the key. */
export const aes = (key: KeyObject): string => `aes-${8 * (key.symmetricKeySize ?? 0)}`
