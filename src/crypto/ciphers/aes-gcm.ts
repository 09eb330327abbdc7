/** AES in Galois/Counter Mode; the tag follows the ciphertext (NIST SP 800-38D; RFC 5116 §5.1). */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { NO_BYTES } from '../../base/bytes.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Cipher } from '../../contract/mechanisms.ts'
import { heldMessage } from '../held-message.ts'
import { type CipherStream, type Direction, decryptionFailed } from './cipher-stream.ts'
import { aes, discard } from './node-cipher.ts'

type Gcm = Extract<Cipher, { name: 'aes-gcm' }>

/**
 * NIST SP 800-38D. Decrypting keeps the message, up to `LIMITS.streamBufferBytes`: nothing is released before the tag
 * was verified.
 */
export function gcmStream(key: KeyObject, cipher: Gcm, direction: Direction): CipherStream {
  if (cipher.iv === undefined) throw new HsmError('invalid-mechanism', 'iv is needed for aes-gcm')
  const { iv, aad = NO_BYTES } = cipher
  const authTagLength = cipher['tag-length-bits'] / 8
  return direction === 'encrypt'
    ? encrypting(createCipheriv(gcm(key), key, iv, { authTagLength }).setAAD(aad))
    : decrypting(createDecipheriv(gcm(key), key, iv, { authTagLength }).setAAD(aad), authTagLength)
}

const gcm = (key: KeyObject) => `${aes(key)}-gcm` as 'aes-256-gcm'

function encrypting(context: ReturnType<typeof createCipheriv> & { getAuthTag(): Buffer }): CipherStream {
  let over = false
  return {
    update: (part) => context.update(part),
    finish(_key, last) {
      over = true
      return Buffer.concat([context.update(last), context.final(), context.getAuthTag()])
    },
    held: () => 0,
    close() {
      if (!over) discard(context)
      over = true
    },
  }
}

/** Nothing of the plaintext exists outside of `finish` before the tag was found right (SP 800-38D §7.2). */
function decrypting(
  context: ReturnType<typeof createDecipheriv> & { setAuthTag(tag: Buffer): unknown },
  tagBytes: number,
): CipherStream {
  let over = false
  const message = heldMessage(LIMITS.streamBufferBytes + tagBytes, 'Decryption with aes-gcm')
  return {
    update(part) {
      message.add(part)
      return Buffer.alloc(0)
    },
    finish(_key, last) {
      const sealed = message.whole(last)
      const tagStart = sealed.length - tagBytes
      if (tagStart < 0) throw decryptionFailed()
      over = true
      context.setAuthTag(sealed.subarray(tagStart))
      const plaintext = context.update(sealed.subarray(0, tagStart))
      try {
        context.final()
      } catch {
        plaintext.fill(0)
        throw decryptionFailed()
      }
      return plaintext
    },
    held: message.bytes,
    close() {
      message.close()
      if (!over) discard(context)
      over = true
    },
  }
}
