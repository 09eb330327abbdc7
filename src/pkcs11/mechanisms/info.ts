/** What C_GetMechanismList and C_GetMechanismInfo answer. */
import { LIMITS } from '../../contract/limits.ts'
import type { Mode } from '../../contract/profiles.ts'
import { CKF, CKM } from '../cryptoki/mechanism-types.ts'

/** Sizes of the keys: bits of RSA and EC keys, bytes of secret ones. */
export type MechanismInfo = { readonly min: number; readonly max: number; readonly flags: number }

const { ENCRYPT, DECRYPT, DIGEST, SIGN, VERIFY, GENERATE, GENERATE_KEY_PAIR, WRAP, UNWRAP, DERIVE } = CKF
const EC = CKF.EC_F_P | CKF.EC_NAMEDCURVE | CKF.EC_UNCOMPRESS
const SIGNS = SIGN | VERIFY
const ENCRYPTS = ENCRYPT | DECRYPT
const WRAPS = WRAP | UNWRAP

const rsa = (flags: number): MechanismInfo => ({
  min: LIMITS.modulusBitsMin,
  max: LIMITS.modulusBitsMax,
  flags,
})
const ec = (flags: number): MechanismInfo => ({ min: 224, max: 521, flags: flags | EC })
const edwards = (flags: number): MechanismInfo => ({ min: 255, max: 255, flags })
const aes = (flags: number): MechanismInfo => ({ min: 16, max: 32, flags })
const des3 = (flags: number): MechanismInfo => ({ min: 24, max: 24, flags })
const secret = (flags: number): MechanismInfo => ({ min: 1, max: LIMITS.genericSecretBytes, flags })
const digest: MechanismInfo = { min: 0, max: 0, flags: DIGEST }

/** In the order in which they are listed. */
const INFO: ReadonlyMap<number, MechanismInfo> = new Map<number, MechanismInfo>([
  [CKM.RSA_PKCS_KEY_PAIR_GEN, rsa(GENERATE_KEY_PAIR)],
  [CKM.RSA_X9_31_KEY_PAIR_GEN, rsa(GENERATE_KEY_PAIR)],
  [CKM.RSA_PKCS, rsa(ENCRYPTS | SIGNS | WRAPS)],
  [CKM.RSA_X_509, rsa(ENCRYPTS | SIGNS)],
  [CKM.RSA_PKCS_OAEP, rsa(ENCRYPTS | WRAPS)],
  [CKM.RSA_PKCS_PSS, rsa(SIGNS)],
  ...[
    CKM.SHA1_RSA_PKCS,
    CKM.SHA224_RSA_PKCS,
    CKM.SHA256_RSA_PKCS,
    CKM.SHA384_RSA_PKCS,
    CKM.SHA512_RSA_PKCS,
    CKM.SHA1_RSA_PKCS_PSS,
    CKM.SHA224_RSA_PKCS_PSS,
    CKM.SHA256_RSA_PKCS_PSS,
    CKM.SHA384_RSA_PKCS_PSS,
    CKM.SHA512_RSA_PKCS_PSS,
  ].map((type) => [type, rsa(SIGNS)] as const),
  [CKM.EC_KEY_PAIR_GEN, ec(GENERATE_KEY_PAIR)],
  ...[CKM.ECDSA, CKM.ECDSA_SHA1, CKM.ECDSA_SHA224, CKM.ECDSA_SHA256, CKM.ECDSA_SHA384, CKM.ECDSA_SHA512].map(
    (type) => [type, ec(SIGNS)] as const,
  ),
  [CKM.ECDH1_DERIVE, ec(DERIVE)],
  [CKM.EC_EDWARDS_KEY_PAIR_GEN, edwards(GENERATE_KEY_PAIR)],
  [CKM.EDDSA, edwards(SIGNS)],
  [CKM.AES_KEY_GEN, aes(GENERATE)],
  [CKM.AES_ECB, aes(ENCRYPTS)],
  [CKM.AES_CBC, aes(ENCRYPTS)],
  [CKM.AES_CBC_PAD, aes(ENCRYPTS)],
  [CKM.AES_CTR, aes(ENCRYPTS)],
  [CKM.AES_GCM, aes(ENCRYPTS | WRAPS)],
  [CKM.AES_CMAC, aes(SIGNS)],
  [CKM.AES_CMAC_GENERAL, aes(SIGNS)],
  [CKM.AES_KEY_WRAP, aes(WRAPS)],
  [CKM.AES_KEY_WRAP_PAD, aes(WRAPS)],
  [CKM.AES_KEY_WRAP_KWP, aes(WRAPS)],
  [CKM.DES3_KEY_GEN, des3(GENERATE)],
  [CKM.DES3_ECB, des3(ENCRYPTS)],
  [CKM.DES3_CBC, des3(ENCRYPTS)],
  [CKM.DES3_CBC_PAD, des3(ENCRYPTS)],
  [CKM.GENERIC_SECRET_KEY_GEN, secret(GENERATE)],
  ...[
    CKM.SHA_1_HMAC,
    CKM.SHA224_HMAC,
    CKM.SHA256_HMAC,
    CKM.SHA384_HMAC,
    CKM.SHA512_HMAC,
    CKM.SHA_1_HMAC_GENERAL,
    CKM.SHA224_HMAC_GENERAL,
    CKM.SHA256_HMAC_GENERAL,
    CKM.SHA384_HMAC_GENERAL,
    CKM.SHA512_HMAC_GENERAL,
  ].map((type) => [type, secret(SIGNS)] as const),
  ...[CKM.SHA_1, CKM.SHA224, CKM.SHA256, CKM.SHA384, CKM.SHA512].map((type) => [type, digest] as const),
])

/** What the HSM refuses to do with them in FIPS mode, and so is not offered there. */
const NOT_IN_FIPS: ReadonlyMap<number, number> = new Map([
  [CKM.RSA_PKCS, ENCRYPTS | WRAPS],
  [CKM.EC_EDWARDS_KEY_PAIR_GEN, GENERATE_KEY_PAIR],
  [CKM.EDDSA, SIGNS],
  [CKM.DES3_KEY_GEN, GENERATE],
  [CKM.DES3_ECB, ENCRYPT],
  [CKM.DES3_CBC, ENCRYPT],
  [CKM.DES3_CBC_PAD, ENCRYPT],
])

/** In whatever mode. */
export const isMechanism = (type: number): boolean => INFO.has(type)

/** Types of all that are good for something. The client library leaves out those that it cannot carry. */
export const mechanismsIn = (mode: Mode): readonly number[] =>
  [...INFO.keys()].filter((type) => mechanismInfo(type, mode))

/** Undefined for a mechanism that there is not, or that is good for nothing in this mode. */
export function mechanismInfo(type: number, mode: Mode): MechanismInfo | undefined {
  const info = INFO.get(type)
  const forbidden = mode === 'fips' ? NOT_IN_FIPS.get(type) : undefined
  if (!info || !forbidden) return info
  const flags = info.flags & ~forbidden
  return flags === 0 ? undefined : { ...info, flags }
}
