import * as v from 'valibot'
import type { KeyType } from './attributes.ts'
import { base64, base64Of } from './bytes.ts'
import { LIMITS } from './limits.ts'
import { hash, mgf } from './mechanisms.ts'

const AES_BLOCK = 16
const DES_BLOCK = 8

/** Lengths of a GCM tag in bits (NIST SP 800-38D §5.2.1.2). */
const TAG_LENGTHS = [32, 64, 96, 104, 112, 120, 128] as const
export type TagLength = (typeof TAG_LENGTHS)[number]
export const isTagLength = (bits: number): bits is TagLength => TAG_LENGTHS.some((known) => known === bits)
export const tagLengthBits = v.picklist(
  TAG_LENGTHS,
  `tag-length-bits must be one of ${TAG_LENGTHS.join(', ')}`,
)
export const aad = v.optional(base64(LIMITS.aadBytes))
/** Encrypting: left out, the HSM makes 12 random bytes and returns them. Decrypting: needed. */
export const gcmIv = v.optional(v.pipe(base64(LIMITS.gcmIvBytes), v.minLength(1, 'iv must not be empty')))

/** How to encrypt or decrypt. */
export const cipher = v.variant('name', [
  v.strictObject({ name: v.literal('aes-ecb') }),
  v.strictObject({ name: v.literal('aes-cbc'), iv: base64Of(AES_BLOCK) }),
  /** With the padding of PKCS #7 (RFC 5652 §6.3). */
  v.strictObject({ name: v.literal('aes-cbc-pad'), iv: base64Of(AES_BLOCK) }),
  /** The last `counter-bits` bits of the block count up and must not wrap (NIST SP 800-38A §B.1). */
  v.strictObject({
    name: v.literal('aes-ctr'),
    'counter-block': base64Of(AES_BLOCK),
    'counter-bits': v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(128)),
  }),
  /** The ciphertext is followed by the tag. */
  v.strictObject({ name: v.literal('aes-gcm'), iv: gcmIv, aad, 'tag-length-bits': tagLengthBits }),
  v.strictObject({ name: v.literal('des3-ecb') }),
  v.strictObject({ name: v.literal('des3-cbc'), iv: base64Of(DES_BLOCK) }),
  v.strictObject({ name: v.literal('des3-cbc-pad'), iv: base64Of(DES_BLOCK) }),
  /** RSAES-PKCS1-v1_5 (RFC 8017 §7.2). */
  v.strictObject({ name: v.literal('rsa-pkcs') }),
  /** RSAES-OAEP (RFC 8017 §7.1). */
  v.strictObject({ name: v.literal('rsa-oaep'), hash, mgf, label: v.optional(base64(LIMITS.aadBytes)) }),
  /** RSAEP and RSADP without any padding (RFC 8017 §5.1). */
  v.strictObject({ name: v.literal('rsa-x509') }),
])
export type Cipher = v.InferOutput<typeof cipher>
export type CipherName = Cipher['name']

/** Which keys a cipher works with. */
export const CIPHER_KEY_TYPE: Readonly<Record<CipherName, KeyType>> = {
  'aes-ecb': 'aes',
  'aes-cbc': 'aes',
  'aes-cbc-pad': 'aes',
  'aes-ctr': 'aes',
  'aes-gcm': 'aes',
  'des3-ecb': 'des3',
  'des3-cbc': 'des3',
  'des3-cbc-pad': 'des3',
  'rsa-pkcs': 'rsa',
  'rsa-oaep': 'rsa',
  'rsa-x509': 'rsa',
}
