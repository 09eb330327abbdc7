/** What FIPS mode forbids to do with keys, as CloudHSM has it since 2024. */
import type { CipherName } from '../../contract/ciphers.ts'
import type { MechanismName } from '../../contract/mechanisms.ts'
import type { WrappingName } from '../../contract/wrapping.ts'
import { allow, type Decision } from '../decision.ts'
import { type Profile, refused } from './profile.ts'

type Named = {
  readonly sign: MechanismName
  readonly verify: MechanismName
  readonly encrypt: CipherName
  readonly decrypt: CipherName
  readonly wrap: WrappingName
  readonly unwrap: WrappingName
}
type Use = keyof Named

/** What was encrypted with 3DES can still be read (NIST SP 800-131A Rev. 2 §2). */
const NOT_IN_FIPS: { readonly [U in Use]: readonly Named[U][] } = {
  sign: ['ed25519', 'ed25519ph'],
  verify: ['ed25519', 'ed25519ph'],
  encrypt: ['des3-ecb', 'des3-cbc', 'des3-cbc-pad', 'rsa-pkcs'],
  decrypt: ['rsa-pkcs'],
  wrap: ['rsa-pkcs'],
  unwrap: ['rsa-pkcs'],
}

/** Whether the mode of the cluster has this use of this mechanism. */
export function mechanismFits<U extends Use>({ mode }: Profile, use: U, name: Named[U]): Decision<void> {
  const isForbidden = mode === 'fips' && NOT_IN_FIPS[use].includes(name)
  return isForbidden ? refused(`${name} cannot be used to ${use} in FIPS mode`) : allow(undefined)
}
