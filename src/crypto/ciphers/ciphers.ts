/** From a cipher's name and parameters to a stream that does it. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { HsmError } from '../../contract/errors.ts'
import { MADE_IV_BYTES } from '../../contract/mechanism-parameters.ts'
import type { Cipher } from '../../contract/mechanisms.ts'
import { ctrStream } from './aes-ctr.ts'
import { gcmStream } from './aes-gcm.ts'
import { blockModeStream } from './block-modes.ts'
import type { CipherStream, Direction } from './cipher-stream.ts'
import { cloudHsmGcmStream } from './cloudhsm-aes-gcm.ts'
import { rsaStream } from './rsa-encryption.ts'

/**
 * @param key secret, or of an RSA pair the public one to encrypt and the private one to decrypt
 * @throws HsmError `invalid-mechanism`
 */
export function cipherStream(key: KeyObject, cipher: Cipher, direction: Direction): CipherStream {
  switch (cipher.name) {
    case 'aes-ecb':
    case 'aes-cbc':
    case 'aes-cbc-pad':
    case 'des3-ecb':
    case 'des3-cbc':
    case 'des3-cbc-pad':
      return blockModeStream(key, cipher, direction)
    case 'aes-ctr':
      return ctrStream(key, cipher, direction)
    case 'aes-gcm':
      return gcmStream(key, cipher, direction)
    case 'cloudhsm-aes-gcm':
      return cloudHsmGcmStream(key, cipher, direction)
    case 'rsa-pkcs':
    case 'rsa-oaep':
    case 'rsa-x509':
      return rsaStream(key, cipher, direction)
  }
}

/**
 * The cipher with an IV of 12 random bytes where it takes one of the HSM beside the ciphertext, and that IV;
 * otherwise as it is.
 */
export function withIv(cipher: Cipher): { readonly cipher: Cipher; readonly made: Buffer | undefined } {
  if (cipher.name !== 'aes-gcm' || cipher.iv !== undefined) return { cipher, made: undefined }
  const made = randomBytes(MADE_IV_BYTES)
  return { cipher: { ...cipher, iv: made }, made }
}

/** Throws `invalid-mechanism` where one nonce would serve for several messages, which reveals both of them. */
export function checkNonce(cipher: Cipher, messages: number): void {
  if (messages <= 1) return
  const field = cipher.name === 'aes-ctr' ? 'counter-block' : 'iv'
  const given = cipher.name === 'aes-ctr' || (cipher.name === 'aes-gcm' && cipher.iv !== undefined)
  if (given)
    throw new HsmError('invalid-mechanism', `One ${field} must not encrypt more than one item of data`)
}
