/** AES-GCM as CloudHSM's own mechanism has it: the IV that the HSM made, the ciphertext, the tag. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { NO_BYTES } from '../../base/bytes.ts'
import { andThen } from '../../base/maybe-promise.ts'
import { LIMITS } from '../../contract/limits.ts'
import { MADE_IV_BYTES } from '../../contract/mechanism-parameters.ts'
import type { Cipher } from '../../contract/mechanisms.ts'
import { heldMessage } from '../held-message.ts'
import { gcmStream } from './aes-gcm.ts'
import { type CipherStream, type Direction, decryptionFailed, join } from './cipher-stream.ts'

type CloudHsmGcm = Extract<Cipher, { name: 'cloudhsm-aes-gcm' }>

/** Decrypting keeps the message, as with AES-GCM. */
export const cloudHsmGcmStream = (key: KeyObject, cipher: CloudHsmGcm, direction: Direction): CipherStream =>
  direction === 'encrypt' ? encrypting(key, cipher) : decrypting(cipher)

const gcm = (cipher: CloudHsmGcm, iv: Buffer) => ({ ...cipher, name: 'aes-gcm', iv }) as const

function encrypting(key: KeyObject, cipher: CloudHsmGcm): CipherStream {
  let front: Buffer = randomBytes(MADE_IV_BYTES)
  const { update, finish, held, close } = gcmStream(key, gcm(cipher, front), 'encrypt')
  const withFront = (bytes: Buffer): Buffer => {
    const all = join(front, bytes)
    front = NO_BYTES
    return all
  }
  return {
    update: (part) => withFront(update(part)),
    finish: (same, last) => andThen(finish(same, last), withFront),
    held,
    close,
  }
}

function decrypting(cipher: CloudHsmGcm): CipherStream {
  const most = MADE_IV_BYTES + LIMITS.streamBufferBytes + cipher['tag-length-bits'] / 8
  const message = heldMessage(most, 'Decryption with cloudhsm-aes-gcm')
  return {
    update(part) {
      message.add(part)
      return NO_BYTES
    },
    async finish(key, last) {
      const sealed = message.whole(last)
      if (sealed.length < MADE_IV_BYTES) throw decryptionFailed()
      const stream = gcmStream(key, gcm(cipher, sealed.subarray(0, MADE_IV_BYTES)), 'decrypt')
      try {
        return await stream.finish(key, sealed.subarray(MADE_IV_BYTES))
      } finally {
        stream.close()
      }
    },
    held: message.bytes,
    close: message.close,
  }
}
