/** The key wrap algorithms of NIST SP 800-38F: KW (RFC 3394) and KWP (RFC 5649). */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { HsmError } from '../../contract/errors.ts'
import { unwrapFailed } from './unwrap-failed.ts'

type KeyWrapName = 'aes-no-pad' | 'aes-pkcs5-pad' | 'aes-zero-pad'

/** RFC 3394 §2.2.3.1. */
const DEFAULT_IV = Buffer.alloc(8, 0xa6)
/** RFC 5649 §3; OpenSSL adds the length. */
const ALTERNATIVE_IV = Buffer.from('a65959a6', 'hex')

/** What KW works on, and the fewest of them that it takes (RFC 3394 §2). */
const BLOCK_BYTES = 8
const LEAST_BYTES = 2 * BLOCK_BYTES

/** Throws `invalid-data` if the mechanism cannot take a payload of that length. */
export function aesWrap(key: KeyObject, name: KeyWrapName, payload: Buffer): Buffer {
  switch (name) {
    case 'aes-zero-pad':
      return encrypt(key, `${cipherOf(key)}-pad`, ALTERNATIVE_IV, payload)
    case 'aes-no-pad':
      if (payload.length % BLOCK_BYTES !== 0 || payload.length < LEAST_BYTES) {
        throw tooOdd(name, `a multiple of ${BLOCK_BYTES} bytes, and at least ${LEAST_BYTES}`, payload)
      }
      return encrypt(key, cipherOf(key), DEFAULT_IV, payload)
    case 'aes-pkcs5-pad':
      if (payload.length < BLOCK_BYTES) throw tooOdd(name, `at least ${BLOCK_BYTES} bytes`, payload)
      return encryptPadded(key, payload)
  }
}

/** @returns the payload, for the caller to wipe. Throws `unwrap-failed`. */
export function aesUnwrap(key: KeyObject, name: KeyWrapName, wrapped: Buffer): Buffer {
  if (wrapped.length < LEAST_BYTES) throw unwrapFailed()
  switch (name) {
    case 'aes-zero-pad':
      return decrypt(key, `${cipherOf(key)}-pad`, ALTERNATIVE_IV, wrapped)
    case 'aes-no-pad':
      return decrypt(key, cipherOf(key), DEFAULT_IV, wrapped)
    case 'aes-pkcs5-pad':
      return unpadded(decrypt(key, cipherOf(key), DEFAULT_IV, wrapped))
  }
}

const cipherOf = (key: KeyObject): string => `id-aes${8 * (key.symmetricKeySize ?? 0)}-wrap`

function encrypt(key: KeyObject, cipher: string, iv: Buffer, payload: Buffer): Buffer {
  const context = createCipheriv(cipher, key, iv)
  return Buffer.concat([context.update(payload), context.final()])
}

/** All of it is decrypted and its integrity checked at once (RFC 3394 §2.2.2); OpenSSL wipes what fails. */
function decrypt(key: KeyObject, cipher: string, iv: Buffer, wrapped: Buffer): Buffer {
  const context = createDecipheriv(cipher, key, iv)
  try {
    return context.update(wrapped)
  } catch {
    throw unwrapFailed()
  }
}

/** PKCS #7 padding (RFC 5652 §6.3), as CKM_AES_KEY_WRAP_PAD of PKCS#11 v2.40 has it. */
function encryptPadded(key: KeyObject, payload: Buffer): Buffer {
  const count = BLOCK_BYTES - (payload.length % BLOCK_BYTES)
  const padded = Buffer.concat([payload, Buffer.alloc(count, count)])
  try {
    return encrypt(key, cipherOf(key), DEFAULT_IV, padded)
  } finally {
    padded.fill(0)
  }
}

/** What is here has passed the integrity check, so whoever wrapped it padded it; no oracle can be made of the answer. */
function unpadded(padded: Buffer): Buffer {
  const count = padded.at(-1) ?? 0
  const end = padded.length - count
  const fits = count >= 1 && count <= BLOCK_BYTES && padded.subarray(end).every((byte) => byte === count)
  if (fits) return padded.subarray(0, end)
  padded.fill(0)
  throw unwrapFailed()
}

const tooOdd = (name: KeyWrapName, rule: string, { length }: Buffer): HsmError =>
  new HsmError('invalid-data', `The mechanism ${name} wraps keys of ${rule}; this one is ${length} bytes`)
