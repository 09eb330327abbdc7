/**
 * The policy `trusted-wrapping`, which an admin applies: the value of a sensitive key cannot be had by any sequence of
 * calls, whoever plays together. Plain PKCS#11 lets the owner of a wrapping key decide what becomes of the keys under it.
 *
 * After R. Focardi and F. L. Luccio, "A Formally Verified Configuration for Hardware Security Modules in the Cloud"
 * (CCS 2021). docs/SECURITY-PROFILE.md has the rules and the attack that each of them is there for.
 */
import type { FlagName, Flags, KeyClass, Template } from '../../contract/attributes.ts'
import type { ClusterRecord, KeyRecord } from '../../model/records.ts'
import { allow, type Decision } from '../decision.ts'

/** What of the cluster the rules need. */
export type Setting = Pick<ClusterRecord, 'trustedWrapping'>

/** Once applied, it stays. */
export const isApplied = ({ trustedWrapping }: Setting): boolean => trustedWrapping

/** For good: keys that trusted keys have wrapped under the policy would be lost with it. Applying it again is no error. */
export function mayApplyTrustedWrapping(cluster: ClusterRecord): Decision<void> {
  if (isApplied(cluster)) return allow(undefined)
  return allow(undefined, { put: { ...cluster, trustedWrapping: true } })
}

export const WRAPPING_USES = ['wrap', 'unwrap'] as const satisfies readonly FlagName[]
export const OTHER_USES = [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'derive',
] as const satisfies readonly FlagName[]

/** Whether the key may wrap or unwrap. */
export const transports = (flags: Template): boolean => WRAPPING_USES.some((name) => flags[name] === true)
/** Whether the key may do anything but wrap and unwrap. */
export const hasOtherUse = (flags: Flags): boolean => OTHER_USES.some((name) => flags[name])
/**
 * Whether keys may be derived from the key by MACs with it: whoever signs with it, or encrypts, computes what is derived from
 * it.
 */
export const derivesByMac = (keyClass: KeyClass, flags: Template): boolean =>
  keyClass === 'secret-key' && flags.derive === true

/**
 * Whether nobody knows the value of this wrapping key and it was never of another use: an admin's trust in any other
 * means nothing. What the key was before the policy nobody remembers, so only keys made since count. Session keys that
 * became token keys do not.
 */
export function isTrustworthy(setting: Setting, { madeUnderPolicy, keyClass, flags }: KeyRecord): boolean {
  return (
    isApplied(setting) &&
    keyClass === 'secret-key' &&
    madeUnderPolicy &&
    transports(flags) &&
    !hasOtherUse(flags) &&
    flags.local &&
    flags['always-sensitive'] &&
    flags['never-extractable']
  )
}

/** A trusted key that the policy takes for one; with the policy applied there is no other trust. */
export const isHonoured = (setting: Setting, key: KeyRecord): boolean =>
  key.flags.trusted && isTrustworthy(setting, key)
