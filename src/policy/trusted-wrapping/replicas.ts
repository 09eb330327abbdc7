/** Keys that go from one clone to another under the policy `trusted-wrapping`. */
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision, deny } from '../decision.ts'
import { isApplied, type Setting } from './profile.ts'

/** In a cluster without the policy its owner could get at the value of the key. */
export function mayLeave(here: Setting, destination: Setting): Decision<void> {
  if (!isApplied(here) || isApplied(destination)) return allow(undefined)
  return refused('a key can only be replicated to a cluster that has the policy, too')
}

/** What the key was where there was no policy, nobody remembers. */
export function mayArrive(here: Setting, source: Setting, { madeUnderPolicy }: KeyRecord): Decision<void> {
  if (!isApplied(here) || (isApplied(source) && madeUnderPolicy)) return allow(undefined)
  return refused('a key can only be replicated that was made under the policy, in a cluster that has it')
}

const refused = (rule: string) => deny('attribute-refused', `Under the policy trusted-wrapping ${rule}`)
