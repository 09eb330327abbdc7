/** Hash functions, curves and parameter sets, by the names that every interface has for them. */

/** Hash functions of the sign and verify mechanisms, with their output length in bytes. */
export const HASHES = {
  sha1: { bytes: 20 },
  sha224: { bytes: 28 },
  sha256: { bytes: 32 },
  sha384: { bytes: 48 },
  sha512: { bytes: 64 },
} as const
export type Hash = keyof typeof HASHES
/** In the order of their output length. */
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
/** Curves with ECDSA and ECDH; Ed25519 has neither. */
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
/** Names that a request may have, synonyms among them. */
export type CurveName = keyof typeof CURVE_NAMES

/** Parameter sets of ML-DSA (FIPS 204), by the name that is printed. */
export const ML_DSA_ALGORITHMS = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const
export type MlDsaAlgorithm = (typeof ML_DSA_ALGORITHMS)[number]
