/**
 * Every mechanism that keys are used with, in one table for each pair of uses: which keys it takes, its parameters, and
 * what FIPS mode forbids. Schemas, rules, `key describe` and PKCS#11 are folds over these tables.
 */

import * as v from 'valibot'
import { NO_BYTES } from '../base/bytes.ts'
import {
  aad,
  aesBlock,
  aesKeyBits,
  counterBits,
  desBlock,
  fixedInput,
  gcmIv,
  hash,
  input,
  kdf,
  kdfCounterBits,
  macLength,
  mgf,
  prf,
  publicPoint,
  saltLength,
  tagLengthBits,
} from './mechanism-parameters.ts'
import { eachHash, keyTypesOf, schemaOf, type Table } from './mechanism-table.ts'

/** How to sign or verify. */
export const SIGNING = {
  ecdsa: {
    keys: 'ec',
    parameters: { hash, input },
    forms: eachHash((name) => ({ hash: name, input: 'raw' })),
  },
  /** The data is a hash value, of whatever function; its leftmost bits are signed (FIPS 186-5 §6.4.1). */
  'ecdsa-prehashed': { keys: 'ec', parameters: {} },
  'rsa-pkcs': {
    keys: 'rsa',
    parameters: { hash, input },
    forms: eachHash((name) => ({ hash: name, input: 'raw' })),
  },
  /** The mask generation function uses the same hash as the data. */
  'rsa-pkcs-pss': {
    keys: 'rsa',
    parameters: { hash, input, mgf, 'salt-length': saltLength },
    forms: eachHash((name) => ({ hash: name, input: 'raw', mgf: `mgf1-${name}`, 'salt-length': 0 })),
  },
  /** The data is padded as it is (RFC 8017 §9.2 steps 3 to 5); at most 11 bytes shorter than the modulus. */
  'rsa-pkcs-unhashed': { keys: 'rsa', parameters: {} },
  /** RSASP1 without any padding (RFC 8017 §5.2.1); at most as long as the modulus. */
  'rsa-x509': { keys: 'rsa', parameters: {} },
  /** RFC 8032 §5.1. */
  ed25519: { keys: 'edwards', parameters: {}, notInFips: ['sign', 'verify'] },
  /** RFC 8032 §5.1 with SHA-512 and an empty context; `digest`: the data is the 64 bytes of SHA-512. */
  ed25519ph: {
    keys: 'edwards',
    parameters: { input },
    forms: [{ input: 'raw' }],
    notInFips: ['sign', 'verify'],
  },
  /** FIPS 204 with an empty context; `external-mu`: the data is the 64 bytes of mu (§6.2 line 6). */
  'ml-dsa': {
    keys: 'ml-dsa',
    parameters: { input: v.picklist(['raw', 'external-mu']) },
    forms: [{ input: 'raw' }],
  },
  /** RFC 2104. */
  hmac: {
    keys: 'generic-secret',
    parameters: { hash, 'mac-length': macLength },
    forms: eachHash((name) => ({ hash: name })),
  },
  /** NIST SP 800-38B. */
  'aes-cmac': { keys: 'aes', parameters: { 'mac-length': macLength } },
} as const satisfies Table<'sign' | 'verify'>

/** How to encrypt or decrypt. What was encrypted with 3DES can still be read in FIPS mode (NIST SP 800-131A Rev. 2 §2). */
export const CIPHERS = {
  'aes-ecb': { keys: 'aes', parameters: {} },
  'aes-cbc': { keys: 'aes', parameters: { iv: aesBlock }, forms: [{ iv: NO_BYTES }] },
  /** With the padding of PKCS #7 (RFC 5652 §6.3). */
  'aes-cbc-pad': { keys: 'aes', parameters: { iv: aesBlock }, forms: [{ iv: NO_BYTES }] },
  /** The last `counter-bits` bits of the block count up and must not wrap (NIST SP 800-38A §B.1). */
  'aes-ctr': {
    keys: 'aes',
    parameters: { 'counter-block': aesBlock, 'counter-bits': counterBits },
    forms: [{ 'counter-block': NO_BYTES, 'counter-bits': 128 }],
  },
  /** The ciphertext is followed by the tag. */
  'aes-gcm': {
    keys: 'aes',
    parameters: { iv: gcmIv, aad, 'tag-length-bits': tagLengthBits },
    forms: [{ 'tag-length-bits': 128 }],
  },
  /** The ciphertext has 12 bytes of IV in front, made by the HSM, and is followed by the tag. */
  'cloudhsm-aes-gcm': {
    keys: 'aes',
    parameters: { aad, 'tag-length-bits': tagLengthBits },
    forms: [{ 'tag-length-bits': 128 }],
  },
  'des3-ecb': { keys: 'des3', parameters: {}, notInFips: ['encrypt'] },
  'des3-cbc': {
    keys: 'des3',
    parameters: { iv: desBlock },
    forms: [{ iv: NO_BYTES }],
    notInFips: ['encrypt'],
  },
  'des3-cbc-pad': {
    keys: 'des3',
    parameters: { iv: desBlock },
    forms: [{ iv: NO_BYTES }],
    notInFips: ['encrypt'],
  },
  /** RSAES-PKCS1-v1_5 (RFC 8017 §7.2). */
  'rsa-pkcs': { keys: 'rsa', parameters: {}, notInFips: ['encrypt', 'decrypt'] },
  /** RSAES-OAEP (RFC 8017 §7.1). */
  'rsa-oaep': {
    keys: 'rsa',
    parameters: { hash, mgf, label: aad },
    forms: eachHash((name) => ({ hash: name, mgf: `mgf1-${name}` })),
  },
  /** RSAEP and RSADP without any padding (RFC 8017 §5.1). */
  'rsa-x509': { keys: 'rsa', parameters: {} },
} as const satisfies Table<'encrypt' | 'decrypt'>

/**
 * How to encrypt a key under another: a secret AES key, or an RSA key of which the public half wraps and the private half
 * unwraps. Secret keys travel as raw bytes, private keys as PKCS #8 DER.
 */
export const WRAPPINGS = {
  'aes-gcm': {
    keys: 'aes',
    parameters: { iv: gcmIv, aad, 'tag-length-bits': tagLengthBits },
    forms: [{ 'tag-length-bits': 128 }, { 'tag-length-bits': 32 }, { iv: NO_BYTES, 'tag-length-bits': 128 }],
  },
  /** 12 bytes of IV made by the HSM, then the ciphertext, then the tag. */
  'cloudhsm-aes-gcm': {
    keys: 'aes',
    parameters: { aad, 'tag-length-bits': tagLengthBits },
    forms: [{ 'tag-length-bits': 128 }, { 'tag-length-bits': 32 }],
  },
  /** RFC 3394; the payload is a multiple of 8 bytes. */
  'aes-no-pad': { keys: 'aes', parameters: {} },
  /** PKCS #5 padding to 8 bytes, then RFC 3394. */
  'aes-pkcs5-pad': { keys: 'aes', parameters: {} },
  /** RFC 5649. */
  'aes-zero-pad': { keys: 'aes', parameters: {} },
  /**
   * RSA-OAEP of an AES key made for it, then the payload under that by RFC 5649. The key has 256 bits if nothing else is said;
   * unwrapping takes it as it is.
   */
  'rsa-aes': {
    keys: 'rsa',
    parameters: { hash, mgf, label: aad, 'aes-key-bits': aesKeyBits },
    forms: eachHash((name) => ({ hash: name, mgf: `mgf1-${name}` })),
  },
  'rsa-oaep': {
    keys: 'rsa',
    parameters: { hash, mgf, label: aad },
    forms: eachHash((name) => ({ hash: name, mgf: `mgf1-${name}` })),
  },
  'rsa-pkcs': { keys: 'rsa', parameters: {}, notInFips: ['wrap', 'unwrap'] },
} as const satisfies Table<'wrap' | 'unwrap'>

/** How to derive a key. */
export const DERIVATIONS = {
  /**
   * Elliptic curve Diffie-Hellman with cofactor 1 (NIST SP 800-56A §5.7.1.2), then the key derivation function, or
   * without one the rightmost bytes of the shared x coordinate (PKCS#11 v2.40 §2.3.9). `public-point`: the other public
   * key. `shared-info`: only with a key derivation function.
   */
  ecdh: {
    keys: 'ec',
    parameters: { kdf, 'public-point': publicPoint, 'shared-info': aad },
    forms: [{ kdf: 'none', 'public-point': NO_BYTES }],
  },
  /**
   * A key derivation function in counter mode (NIST SP 800-108 §4.1), whose PRF has the base key for its key. The fixed input,
   * in which a label, a context and a length may be, stands before and after the counter, which counts from 1, big-endian.
   * Only AES keys are keys of `aes-cmac`.
   */
  'counter-kdf': {
    keys: ['generic-secret', 'aes'],
    parameters: {
      prf,
      'counter-bits': kdfCounterBits,
      'before-counter': fixedInput,
      'after-counter': fixedInput,
    },
    forms: [
      { prf: 'hmac-sha256', 'counter-bits': 32 },
      { prf: 'aes-cmac', 'counter-bits': 32 },
    ],
  },
} as const satisfies Table<'derive'>

/** The mechanisms for each use of a key. */
export const MECHANISMS_TO = {
  sign: SIGNING,
  verify: SIGNING,
  encrypt: CIPHERS,
  decrypt: CIPHERS,
  wrap: WRAPPINGS,
  unwrap: WRAPPINGS,
  derive: DERIVATIONS,
} as const satisfies Record<string, Table>
/** What a key can be used for with a mechanism. */
export type Use = keyof typeof MECHANISMS_TO

/** A mechanism to sign and verify with, as a request names it. */
export const mechanism = schemaOf(SIGNING)
export type Mechanism = v.InferOutput<typeof mechanism>
export type MechanismName = Mechanism['name']
/** Which `key-type` each of them takes. */
export const MECHANISM_KEY_TYPE = keyTypesOf(SIGNING)

/** A mechanism to encrypt and decrypt with, as a request names it. */
export const cipher = schemaOf(CIPHERS)
export type Cipher = v.InferOutput<typeof cipher>
export type CipherName = Cipher['name']
/** Which `key-type` each of them takes. */
export const CIPHER_KEY_TYPE = keyTypesOf(CIPHERS)

/** A mechanism to wrap and unwrap with, as a request names it. */
export const wrapping = schemaOf(WRAPPINGS)
export type Wrapping = v.InferOutput<typeof wrapping>
export type WrappingName = Wrapping['name']
/** Which `key-type` the wrapping key has for each of them. */
export const WRAPPING_KEY_TYPE = keyTypesOf(WRAPPINGS)

/** A mechanism to derive with, as a request names it. */
export const derivation = schemaOf(DERIVATIONS)
export type Derivation = v.InferOutput<typeof derivation>
