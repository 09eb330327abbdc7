import * as v from 'valibot'
import type { KeyClass, KeyType } from './attributes.ts'
import { base64 } from './bytes.ts'
import { aad, gcmIv, tagLengthBits } from './ciphers.ts'
import { LIMITS } from './limits.ts'
import { hash, mgf } from './mechanisms.ts'

/** How to encrypt a key under another. Secret keys travel as raw bytes, private keys as PKCS #8 DER. */
export const wrapping = v.variant('name', [
  /** Wrapping: without `iv` the HSM makes one and returns it. */
  v.strictObject({ name: v.literal('aes-gcm'), iv: gcmIv, aad, 'tag-length-bits': tagLengthBits }),
  /** 12 bytes of IV made by the HSM, then the ciphertext, then the tag. */
  v.strictObject({ name: v.literal('cloudhsm-aes-gcm'), aad, 'tag-length-bits': tagLengthBits }),
  /** RFC 3394; the payload is a multiple of 8 bytes. */
  v.strictObject({ name: v.literal('aes-no-pad') }),
  /** PKCS #5 padding to 8 bytes, then RFC 3394. */
  v.strictObject({ name: v.literal('aes-pkcs5-pad') }),
  /** RFC 5649. */
  v.strictObject({ name: v.literal('aes-zero-pad') }),
  /** RSA-OAEP of an AES-256 key made for it, then the payload under that by RFC 5649. */
  v.strictObject({ name: v.literal('rsa-aes'), hash, mgf }),
  v.strictObject({ name: v.literal('rsa-oaep'), hash, mgf, label: v.optional(base64(LIMITS.aadBytes)) }),
  v.strictObject({ name: v.literal('rsa-pkcs') }),
])
export type Wrapping = v.InferOutput<typeof wrapping>
export type WrappingName = Wrapping['name']

/** Which keys wrap with a mechanism: secret AES keys, or RSA keys of which the public half wraps and the private half unwraps. */
export const WRAPPING_KEY_TYPE: Readonly<Record<WrappingName, Extract<KeyType, 'aes' | 'rsa'>>> = {
  'aes-gcm': 'aes',
  'cloudhsm-aes-gcm': 'aes',
  'aes-no-pad': 'aes',
  'aes-pkcs5-pad': 'aes',
  'aes-zero-pad': 'aes',
  'rsa-aes': 'rsa',
  'rsa-oaep': 'rsa',
  'rsa-pkcs': 'rsa',
}

/** What a wrapped or imported key can be, by the names of `--key-type-class`. */
export const KEY_TYPE_CLASSES = {
  aes: { keyType: 'aes', keyClass: 'secret-key' },
  des3: { keyType: 'des3', keyClass: 'secret-key' },
  'generic-secret': { keyType: 'generic-secret', keyClass: 'secret-key' },
  'rsa-private': { keyType: 'rsa', keyClass: 'private-key' },
  'ec-private': { keyType: 'ec', keyClass: 'private-key' },
  'rsa-public': { keyType: 'rsa', keyClass: 'public-key' },
  'ec-public': { keyType: 'ec', keyClass: 'public-key' },
} as const satisfies Record<string, { keyType: KeyType; keyClass: KeyClass }>
export type KeyTypeClass = keyof typeof KEY_TYPE_CLASSES

export const UNWRAPPED_CLASSES = ['aes', 'des3', 'ec-private', 'generic-secret', 'rsa-private'] as const
