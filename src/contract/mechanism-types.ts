/**
 * Mechanism types of PKCS#11 (v2.40 mechanisms, v3.0 for EdDSA, KWP and key derivation; values from their headers) and of CloudHSM (numbers that were never
 * published are our own, 0x80005301 and so on), each with what it means
 * here, in the order in which programs see them. A type can be several mechanisms, and a mechanism several types.
 */
import type { Hash } from './algorithms.ts'
import type { KeyKind } from './key-kinds.ts'
import type {
  Cipher,
  CipherName,
  Derivation,
  Mechanism,
  MechanismName,
  Wrapping,
  WrappingName,
} from './mechanisms.ts'

/** Structures that a type's parameter can have (CK_RSA_PKCS_PSS_PARAMS and so on), with the members it sets. */
type Members = {
  readonly pss: 'hash' | 'mgf' | 'salt-length'
  readonly oaep: 'hash' | 'mgf' | 'label'
  readonly ecdh: 'kdf' | 'public-point' | 'shared-info'
  readonly iv: 'iv'
  readonly ctr: 'counter-block' | 'counter-bits'
  readonly gcm: 'iv' | 'aad' | 'tag-length-bits'
  readonly 'cloudhsm-gcm': 'aad' | 'tag-length-bits'
  readonly 'rsa-aes': 'hash' | 'mgf' | 'label' | 'aes-key-bits'
  readonly 'mac-length': 'mac-length'
  /** Without it the mechanism is the one that the type says, with it another. */
  readonly eddsa: never
  readonly 'counter-kdf': 'prf' | 'counter-bits' | 'before-counter' | 'after-counter'
}
export type ParameterKind = keyof Members
/** Members of a mechanism that a parameter of the kind sets. */
export type MembersOf<K extends ParameterKind> = Members[K]

/** One CKM_… number, and what it means here: one or several mechanisms, to make keys, or a digest. */
export type MechanismType = {
  readonly value: number
  /**
   * The oldest version of p11-kit whose client library lets the type through, found out by asking it. What it does not
   * know it refuses by itself, before the HSM is asked.
   */
  readonly p11Kit: '0.24' | '0.25' | 'none yet'
  /** Left out, there is none. */
  readonly parameter?: ParameterKind
  /** And to verify with. */
  readonly sign?: { readonly name: MechanismName }
  /** And to decrypt with. */
  readonly encrypt?: { readonly name: CipherName }
  /** And to unwrap with. */
  readonly wrap?: { readonly name: WrappingName }
  readonly derive?: { readonly name: Derivation['name'] }
  /** To make a key of that kind with, or a pair of keys. */
  readonly generate?: KeyKind
  readonly digest?: Hash
}

/** Of any mechanism among `M` all that no parameter of the kind says. */
type Fixed<M, K extends ParameterKind> = M extends unknown ? Omit<M, Members[K]> & Partial<M> : never
type Meaning<K extends ParameterKind> = {
  readonly sign?: Fixed<Mechanism, K>
  readonly encrypt?: Fixed<Cipher, K>
  readonly wrap?: Fixed<Wrapping, K>
  readonly derive?: Fixed<Derivation, K>
}
/** Type and parameter together are a whole mechanism. */
type Whole =
  | ({ readonly parameter?: undefined } & Meaning<never>)
  | { [K in ParameterKind]: { readonly parameter: K } & Meaning<K> }[ParameterKind]

export const MECHANISM_TYPES = {
  RSA_PKCS_KEY_PAIR_GEN: { value: 0x0000, p11Kit: '0.24', generate: 'rsa' },
  RSA_X9_31_KEY_PAIR_GEN: { value: 0x000a, p11Kit: '0.24', generate: 'rsa' },
  RSA_PKCS: {
    value: 0x0001,
    p11Kit: '0.24',
    sign: { name: 'rsa-pkcs-unhashed' },
    encrypt: { name: 'rsa-pkcs' },
    wrap: { name: 'rsa-pkcs' },
  },
  RSA_X_509: { value: 0x0003, p11Kit: '0.24', sign: { name: 'rsa-x509' }, encrypt: { name: 'rsa-x509' } },
  RSA_PKCS_OAEP: {
    value: 0x0009,
    p11Kit: '0.24',
    parameter: 'oaep',
    encrypt: { name: 'rsa-oaep' },
    wrap: { name: 'rsa-oaep' },
  },
  RSA_PKCS_PSS: {
    value: 0x000d,
    p11Kit: '0.24',
    parameter: 'pss',
    sign: { name: 'rsa-pkcs-pss', input: 'digest' },
  },
  SHA1_RSA_PKCS: { value: 0x0006, p11Kit: '0.24', sign: { name: 'rsa-pkcs', hash: 'sha1', input: 'raw' } },
  SHA224_RSA_PKCS: {
    value: 0x0046,
    p11Kit: '0.25',
    sign: { name: 'rsa-pkcs', hash: 'sha224', input: 'raw' },
  },
  SHA256_RSA_PKCS: {
    value: 0x0040,
    p11Kit: '0.24',
    sign: { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' },
  },
  SHA384_RSA_PKCS: {
    value: 0x0041,
    p11Kit: '0.24',
    sign: { name: 'rsa-pkcs', hash: 'sha384', input: 'raw' },
  },
  SHA512_RSA_PKCS: {
    value: 0x0042,
    p11Kit: '0.24',
    sign: { name: 'rsa-pkcs', hash: 'sha512', input: 'raw' },
  },
  SHA1_RSA_PKCS_PSS: {
    value: 0x000e,
    p11Kit: '0.25',
    parameter: 'pss',
    sign: { name: 'rsa-pkcs-pss', hash: 'sha1', input: 'raw' },
  },
  SHA224_RSA_PKCS_PSS: {
    value: 0x0047,
    p11Kit: '0.25',
    parameter: 'pss',
    sign: { name: 'rsa-pkcs-pss', hash: 'sha224', input: 'raw' },
  },
  SHA256_RSA_PKCS_PSS: {
    value: 0x0043,
    p11Kit: '0.25',
    parameter: 'pss',
    sign: { name: 'rsa-pkcs-pss', hash: 'sha256', input: 'raw' },
  },
  SHA384_RSA_PKCS_PSS: {
    value: 0x0044,
    p11Kit: '0.25',
    parameter: 'pss',
    sign: { name: 'rsa-pkcs-pss', hash: 'sha384', input: 'raw' },
  },
  SHA512_RSA_PKCS_PSS: {
    value: 0x0045,
    p11Kit: '0.25',
    parameter: 'pss',
    sign: { name: 'rsa-pkcs-pss', hash: 'sha512', input: 'raw' },
  },
  EC_KEY_PAIR_GEN: { value: 0x1040, p11Kit: '0.24', generate: 'ec' },
  ECDSA: { value: 0x1041, p11Kit: '0.24', sign: { name: 'ecdsa-prehashed' } },
  ECDSA_SHA1: { value: 0x1042, p11Kit: '0.24', sign: { name: 'ecdsa', hash: 'sha1', input: 'raw' } },
  ECDSA_SHA224: { value: 0x1043, p11Kit: '0.25', sign: { name: 'ecdsa', hash: 'sha224', input: 'raw' } },
  ECDSA_SHA256: { value: 0x1044, p11Kit: '0.25', sign: { name: 'ecdsa', hash: 'sha256', input: 'raw' } },
  ECDSA_SHA384: { value: 0x1045, p11Kit: '0.25', sign: { name: 'ecdsa', hash: 'sha384', input: 'raw' } },
  ECDSA_SHA512: { value: 0x1046, p11Kit: '0.25', sign: { name: 'ecdsa', hash: 'sha512', input: 'raw' } },
  ECDH1_DERIVE: { value: 0x1050, p11Kit: '0.25', parameter: 'ecdh', derive: { name: 'ecdh' } },
  SP800_108_COUNTER_KDF: {
    value: 0x03ac,
    p11Kit: 'none yet',
    parameter: 'counter-kdf',
    derive: { name: 'counter-kdf' },
  },
  CLOUDHSM_SP800_108_COUNTER_KDF: {
    value: 0x8000_0001,
    p11Kit: 'none yet',
    parameter: 'counter-kdf',
    derive: { name: 'counter-kdf' },
  },
  EC_EDWARDS_KEY_PAIR_GEN: { value: 0x1055, p11Kit: 'none yet', generate: 'edwards' },
  EDDSA: { value: 0x1057, p11Kit: 'none yet', parameter: 'eddsa', sign: { name: 'ed25519' } },
  CLOUDHSM_EDDSA: { value: 0x8000_5304, p11Kit: 'none yet', parameter: 'eddsa', sign: { name: 'ed25519' } },
  CLOUDHSM_ML_DSA_KEY_PAIR_GEN: { value: 0x8000_5301, p11Kit: 'none yet', generate: 'ml-dsa' },
  CLOUDHSM_ML_DSA: { value: 0x8000_5302, p11Kit: 'none yet', sign: { name: 'ml-dsa', input: 'raw' } },
  CLOUDHSM_EXT_MU_ML_DSA: {
    value: 0x8000_5303,
    p11Kit: 'none yet',
    sign: { name: 'ml-dsa', input: 'external-mu' },
  },
  AES_KEY_GEN: { value: 0x1080, p11Kit: '0.24', generate: 'aes' },
  AES_ECB: { value: 0x1081, p11Kit: '0.24', encrypt: { name: 'aes-ecb' } },
  AES_CBC: { value: 0x1082, p11Kit: '0.25', parameter: 'iv', encrypt: { name: 'aes-cbc' } },
  AES_CBC_PAD: { value: 0x1085, p11Kit: '0.25', parameter: 'iv', encrypt: { name: 'aes-cbc-pad' } },
  AES_CTR: { value: 0x1086, p11Kit: '0.25', parameter: 'ctr', encrypt: { name: 'aes-ctr' } },
  AES_GCM: {
    value: 0x1087,
    p11Kit: '0.25',
    parameter: 'gcm',
    encrypt: { name: 'aes-gcm' },
    wrap: { name: 'aes-gcm' },
  },
  AES_CMAC: { value: 0x108a, p11Kit: '0.25', sign: { name: 'aes-cmac' } },
  AES_CMAC_GENERAL: { value: 0x108b, p11Kit: '0.25', parameter: 'mac-length', sign: { name: 'aes-cmac' } },
  AES_KEY_WRAP: { value: 0x2109, p11Kit: 'none yet', wrap: { name: 'aes-no-pad' } },
  AES_KEY_WRAP_PAD: { value: 0x210a, p11Kit: 'none yet', wrap: { name: 'aes-pkcs5-pad' } },
  AES_KEY_WRAP_KWP: { value: 0x210b, p11Kit: 'none yet', wrap: { name: 'aes-zero-pad' } },
  RSA_AES_KEY_WRAP: { value: 0x1054, p11Kit: 'none yet', parameter: 'rsa-aes', wrap: { name: 'rsa-aes' } },
  CLOUDHSM_AES_GCM: {
    value: 0x8000_1087,
    p11Kit: 'none yet',
    parameter: 'cloudhsm-gcm',
    encrypt: { name: 'cloudhsm-aes-gcm' },
    wrap: { name: 'cloudhsm-aes-gcm' },
  },
  CLOUDHSM_AES_KEY_WRAP_NO_PAD: { value: 0x8000_2109, p11Kit: 'none yet', wrap: { name: 'aes-no-pad' } },
  CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD: {
    value: 0x8000_210a,
    p11Kit: 'none yet',
    wrap: { name: 'aes-pkcs5-pad' },
  },
  CLOUDHSM_AES_KEY_WRAP_ZERO_PAD: { value: 0x8000_216f, p11Kit: 'none yet', wrap: { name: 'aes-zero-pad' } },
  DES3_KEY_GEN: { value: 0x0131, p11Kit: '0.24', generate: 'des3' },
  DES3_ECB: { value: 0x0132, p11Kit: '0.24', encrypt: { name: 'des3-ecb' } },
  DES3_CBC: { value: 0x0133, p11Kit: '0.25', parameter: 'iv', encrypt: { name: 'des3-cbc' } },
  DES3_CBC_PAD: { value: 0x0136, p11Kit: '0.25', parameter: 'iv', encrypt: { name: 'des3-cbc-pad' } },
  GENERIC_SECRET_KEY_GEN: { value: 0x0350, p11Kit: '0.24', generate: 'generic-secret' },
  SHA_1_HMAC: { value: 0x0221, p11Kit: '0.24', sign: { name: 'hmac', hash: 'sha1' } },
  SHA224_HMAC: { value: 0x0256, p11Kit: '0.25', sign: { name: 'hmac', hash: 'sha224' } },
  SHA256_HMAC: { value: 0x0251, p11Kit: '0.24', sign: { name: 'hmac', hash: 'sha256' } },
  SHA384_HMAC: { value: 0x0261, p11Kit: '0.24', sign: { name: 'hmac', hash: 'sha384' } },
  SHA512_HMAC: { value: 0x0271, p11Kit: '0.24', sign: { name: 'hmac', hash: 'sha512' } },
  SHA_1_HMAC_GENERAL: {
    value: 0x0222,
    p11Kit: '0.25',
    parameter: 'mac-length',
    sign: { name: 'hmac', hash: 'sha1' },
  },
  SHA224_HMAC_GENERAL: {
    value: 0x0257,
    p11Kit: '0.25',
    parameter: 'mac-length',
    sign: { name: 'hmac', hash: 'sha224' },
  },
  SHA256_HMAC_GENERAL: {
    value: 0x0252,
    p11Kit: '0.25',
    parameter: 'mac-length',
    sign: { name: 'hmac', hash: 'sha256' },
  },
  SHA384_HMAC_GENERAL: {
    value: 0x0262,
    p11Kit: '0.25',
    parameter: 'mac-length',
    sign: { name: 'hmac', hash: 'sha384' },
  },
  SHA512_HMAC_GENERAL: {
    value: 0x0272,
    p11Kit: '0.25',
    parameter: 'mac-length',
    sign: { name: 'hmac', hash: 'sha512' },
  },
  SHA_1: { value: 0x0220, p11Kit: '0.24', digest: 'sha1' },
  SHA224: { value: 0x0255, p11Kit: '0.25', digest: 'sha224' },
  SHA256: { value: 0x0250, p11Kit: '0.24', digest: 'sha256' },
  SHA384: { value: 0x0260, p11Kit: '0.24', digest: 'sha384' },
  SHA512: { value: 0x0270, p11Kit: '0.24', digest: 'sha512' },
} as const satisfies Readonly<Record<string, MechanismType & Whole>>
