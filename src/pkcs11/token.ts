/** The one slot and the one token in it. */
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { Reply } from '../contract/operations.ts'
import type { Mode } from '../contract/profiles.ts'

/** CK_SLOT_ID of the only slot. */
export const SLOT = 0

/** Two numbers, as PKCS#11 has versions. */
export type Version = { readonly major: number; readonly minor: number }

/** The version of PKCS#11 that is spoken (v2.40). */
export const CRYPTOKI_VERSION: Version = { major: 2, minor: 40 }
/** At most 32 bytes, as all texts of CK_INFO, CK_SLOT_INFO and CK_TOKEN_INFO have a width. */
export const MANUFACTURER = 'Strongroom'
/** At most 32 bytes. */
export const LIBRARY_DESCRIPTION = 'Strongroom PKCS#11'
/** At most 64 bytes. */
export const SLOT_DESCRIPTION = 'Strongroom HSM cluster'
/** The same everywhere, so that URIs such as `pkcs11:token=strongroom` can be copied; the serial tells clusters apart. */
export const TOKEN_LABEL = 'strongroom'
/** At most 16 bytes. */
export const MODEL = 'Software HSM'

/** CKF_TOKEN_PRESENT. */
export const SLOT_FLAGS = 0x01
/** CKF_RNG, CKF_LOGIN_REQUIRED, CKF_USER_PIN_INITIALIZED and CKF_TOKEN_INITIALIZED. */
export const TOKEN_FLAGS = 0x01 | 0x04 | 0x08 | 0x400

/** A PIN is `user:password`; in bytes, of which a character of a password has at most four. */
export const PIN_LENGTH = {
  min: 1 + 1 + LIMITS.passwordMin,
  max: LIMITS.usernameLength + 1 + 4 * LIMITS.passwordMax,
} as const

export type Token = {
  readonly version: Version
  /** At most 16 characters; of the cluster, and never another. Throws what `cluster.status` throws. */
  serial(): Promise<string>
  /** Of the cluster, as it was founded. Throws what `cluster.status` throws. */
  mode(): Promise<Mode>
}

/** @param version `1.2.3` */
export function createToken(hsm: Hsm, version: string): Token {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  let founded: Reply<'cluster.status'> | undefined
  const status = async () => {
    founded ??= await hsm.call('cluster.status', {})
    return founded
  }
  return {
    version: { major, minor },
    serial: async () => (await status())['cluster-id'].replace(/^cluster-/, '').slice(0, 16),
    mode: async () => (await status()).mode,
  }
}
