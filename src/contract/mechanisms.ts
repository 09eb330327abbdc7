import * as v from 'valibot'
import type { KeyType } from './attributes.ts'
import { LIMITS } from './limits.ts'

/** Hash functions of the sign and verify mechanisms, with their output length in bytes. */
export const HASHES = {
  sha1: { bytes: 20 },
  sha224: { bytes: 28 },
  sha256: { bytes: 32 },
  sha384: { bytes: 48 },
  sha512: { bytes: 64 },
} as const
export type Hash = keyof typeof HASHES
export const HASH_NAMES = Object.keys(HASHES) as [Hash, ...Hash[]]

/**
 * What stands before the hash value in the DER encoding of `DigestInfo`, in hex
 * (RFC 8017 §9.2 note 1; RFC 3447 for SHA-224).
 */
export const DIGEST_INFO_PREFIX: Readonly<Record<Hash, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

/**
 * Curves of ECDSA and ECDH keys, by the name that is printed, with the OpenSSL name and the size of the field and of
 * the group order in bytes (they agree for all of these). `prime256v1` is a synonym of `secp256r1`.
 */
export const CURVES = {
  secp224r1: { openssl: 'secp224r1', fieldBytes: 28 },
  secp256r1: { openssl: 'prime256v1', fieldBytes: 32 },
  secp256k1: { openssl: 'secp256k1', fieldBytes: 32 },
  secp384r1: { openssl: 'secp384r1', fieldBytes: 48 },
  secp521r1: { openssl: 'secp521r1', fieldBytes: 66 },
} as const
export type WeierstrassCurve = keyof typeof CURVES
/** Curves of EC keys; those on `ed25519` sign with EdDSA (RFC 8032) only. */
export type Curve = WeierstrassCurve | 'ed25519'

/** Names accepted for a curve, each with the one that is stored and printed. */
export const CURVE_NAMES = {
  prime256v1: 'secp256r1',
  secp256r1: 'secp256r1',
  secp224r1: 'secp224r1',
  secp384r1: 'secp384r1',
  secp256k1: 'secp256k1',
  secp521r1: 'secp521r1',
  ed25519: 'ed25519',
} as const satisfies Record<string, Curve>
export type CurveName = keyof typeof CURVE_NAMES

/** Parameter sets of ML-DSA (FIPS 204), by the name that is printed. */
export const ML_DSA_ALGORITHMS = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const
export type MlDsaAlgorithm = (typeof ML_DSA_ALGORITHMS)[number]

export const hash = v.picklist(HASH_NAMES)
/** The mask generation function of PSS and OAEP: MGF1 over a hash (RFC 8017 §B.2.1). */
export const mgf = v.picklist(HASH_NAMES.map((name) => `mgf1-${name}` as const))

/**
 * `raw`: the HSM hashes the data. `digest`: the data is the hash already; for `rsa-pkcs` it is the whole
 * DER `DigestInfo`.
 */
const input = v.picklist(['raw', 'digest'])

/** Bytes of a MAC that are kept, from the left; left out, all of them. */
const macLength = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)))

/** How to sign or verify. The mask generation function of PSS uses the same hash as the data. */
export const mechanism = v.variant('name', [
  v.strictObject({ name: v.literal('ecdsa'), hash, input }),
  /** The data is a hash value, of whatever function; its leftmost bits are signed (FIPS 186-5 §6.4.1). */
  v.strictObject({ name: v.literal('ecdsa-prehashed') }),
  v.strictObject({ name: v.literal('rsa-pkcs'), hash, input }),
  /** The data is padded as it is (RFC 8017 §9.2 steps 3 to 5); at most 11 bytes shorter than the modulus. */
  v.strictObject({ name: v.literal('rsa-pkcs-unhashed') }),
  /** RSASP1 without any padding (RFC 8017 §5.2.1); at most as long as the modulus. */
  v.strictObject({ name: v.literal('rsa-x509') }),
  v.strictObject({
    name: v.literal('rsa-pkcs-pss'),
    hash,
    input,
    mgf,
    'salt-length': v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LIMITS.modulusBitsMax / 8)),
  }),
  /** RFC 8032 §5.1. */
  v.strictObject({ name: v.literal('ed25519') }),
  /** RFC 8032 §5.1 with SHA-512 and an empty context; `digest`: the data is the 64 bytes of SHA-512. */
  v.strictObject({ name: v.literal('ed25519ph'), input }),
  /** FIPS 204 with an empty context; `external-mu`: the data is the 64 bytes of mu (§6.2 line 6). */
  v.strictObject({ name: v.literal('ml-dsa'), input: v.picklist(['raw', 'external-mu']) }),
  /** RFC 2104. */
  v.strictObject({ name: v.literal('hmac'), hash, 'mac-length': macLength }),
  /** NIST SP 800-38B. */
  v.strictObject({ name: v.literal('aes-cmac'), 'mac-length': macLength }),
])
export type Mechanism = v.InferOutput<typeof mechanism>
export type MechanismName = Mechanism['name']

/** Which keys a mechanism works with. */
export const MECHANISM_KEY_TYPE: Readonly<Record<MechanismName, KeyType>> = {
  ecdsa: 'ec',
  'ecdsa-prehashed': 'ec',
  'rsa-pkcs': 'rsa',
  'rsa-pkcs-unhashed': 'rsa',
  'rsa-x509': 'rsa',
  'rsa-pkcs-pss': 'rsa',
  ed25519: 'ec',
  ed25519ph: 'ec',
  'ml-dsa': 'ml-dsa',
  hmac: 'generic-secret',
  'aes-cmac': 'aes',
}
