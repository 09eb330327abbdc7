import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision, deny } from '../decision.ts'
import { derivesByMac, isApplied, type Setting } from './profile.ts'

/** Whether the policy `trusted-wrapping` lets a key derive. What a secret key was used for before it, nobody remembers. */
export function mayDeriveFrom(
  setting: Setting,
  { keyClass, flags, madeUnderPolicy }: KeyRecord,
): Decision<void> {
  if (!isApplied(setting) || !derivesByMac(keyClass, flags) || madeUnderPolicy) return allow(undefined)
  return deny(
    'key-function',
    'Under the policy trusted-wrapping keys are derived only from secret keys that were made since',
  )
}
