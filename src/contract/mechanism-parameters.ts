/** What mechanisms take besides their name, each with its bounds. */
import * as v from 'valibot'
import { HASH_NAMES } from './algorithms.ts'
import { openBytes, openBytesOf } from './bytes.ts'
import { LIMITS } from './limits.ts'

/** Name of a hash function, such as `sha256`. */
export const hash = v.picklist(HASH_NAMES)
/** The mask generation function of PSS and OAEP: MGF1 over a hash (RFC 8017 §B.2.1). */
export const mgf = v.picklist(HASH_NAMES.map((name) => `mgf1-${name}` as const))
/** The key derivation function of ANSI X9.63 over a hash, or none. */
export const kdf = v.picklist(['none', ...HASH_NAMES.map((name) => `x963-${name}` as const)])

/** The pseudorandom function that the blocks of a derived key are values of (NIST SP 800-108 §4). */
export const prf = v.picklist(['aes-cmac', ...HASH_NAMES.map((name) => `hmac-${name}` as const)])
/** Of the counter of NIST SP 800-108 §4.1, which is `r` there. */
export const kdfCounterBits = v.picklist([8, 16, 24, 32])
/** What is the same for all blocks, on one side of the counter. Left out, there is nothing. */
export const fixedInput = v.optional(openBytes(LIMITS.fixedInputBytes))

/**
 * `raw`: the HSM hashes the data. `digest`: the data is the hash already; for `rsa-pkcs` it is the whole
 * DER `DigestInfo`.
 */
export const input = v.picklist(['raw', 'digest'])

/** Of RSASSA-PSS, in bytes (RFC 8017 §9.1.1). */
export const saltLength = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(LIMITS.modulusBitsMax / 8),
)

/** Bytes of a MAC that are kept, from the left; left out, all of them. */
export const macLength = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)))

/** 16 bytes: an IV or a counter block of AES. */
export const aesBlock = openBytesOf(16)
/** Of a key that is made for one use. */
export const aesKeyBits = v.optional(v.picklist([128, 192, 256]))
/** 8 bytes: an IV of Triple DES. */
export const desBlock = openBytesOf(8)
/** How many bits of the counter block count (NIST SP 800-38A §B.1). */
export const counterBits = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(128))

/** Lengths of a GCM tag in bits (NIST SP 800-38D §5.2.1.2). */
const TAG_LENGTHS = [32, 64, 96, 104, 112, 120, 128] as const
export type TagLength = (typeof TAG_LENGTHS)[number]
/** Whether AES-GCM may have a tag of so many bits. */
export const isTagLength = (bits: number): bits is TagLength => TAG_LENGTHS.some((known) => known === bits)
/** Of AES-GCM, in bits (NIST SP 800-38D §5.2.1.2). */
export const tagLengthBits = v.picklist(
  TAG_LENGTHS,
  `tag-length-bits must be one of ${TAG_LENGTHS.join(', ')}`,
)
/** Additional authenticated data, the label of OAEP, and what both sides of a key derivation know. */
export const aad = v.optional(openBytes(LIMITS.aadBytes))
/** Encrypting and wrapping: left out, the HSM makes 12 random bytes and returns them. Otherwise needed. */
export const gcmIv = v.optional(v.pipe(openBytes(LIMITS.gcmIvBytes), v.minLength(1, 'iv must not be empty')))

/** Bytes of the IV of AES-GCM where the HSM makes it (NIST SP 800-38D §8.2.2). */
export const MADE_IV_BYTES = 12

/** A point of a curve (SEC 1 §2.3.3), compressed or not, bare or in a DER OCTET STRING. */
export const publicPoint = openBytes(LIMITS.signatureBytes)
