import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision, deny } from '../decision.ts'
import {
  derivesByMac,
  isApplied,
  isTrustworthy,
  OTHER_USES,
  type Setting,
  transports,
  WRAPPING_USES,
} from './profile.ts'

/**
 * Whether the policy `trusted-wrapping` allows a change of attributes. A key wraps and unwraps all its life or never: one
 * that did and then decrypts gives away all it has wrapped. So does a secret key that derived and then signs.
 */
export function mayChange(setting: Setting, before: KeyRecord, after: KeyRecord): Decision<void> {
  if (!isApplied(setting)) return allow(undefined)
  const changed = WRAPPING_USES.find((name) => before.flags[name] !== after.flags[name])
  if (changed) return refused(`the attribute ${changed} of a key cannot be changed`)
  if (after.keyClass === 'secret-key' && before.flags.derive !== after.flags.derive) {
    return refused('the attribute derive of a secret key cannot be changed')
  }
  const gained = OTHER_USES.find((name) => after.flags[name] && !before.flags[name])
  if (gained && transports(after.flags)) return refused('a key that wraps or unwraps has no other use')
  if (gained && derivesByMac(after.keyClass, after.flags)) {
    return refused('a secret key that derives has no other use')
  }
  if (after.flags.trusted && !before.flags.trusted && !isTrustworthy(setting, after)) {
    return refused(
      'only a secret key that wraps or unwraps and was generated as such, on the token and since the policy was applied, can be trusted',
    )
  }
  return allow(undefined)
}

/** A second key of the value of one that wraps, unwraps or derives could be given another use. */
export function mayCopy(setting: Setting, { keyClass, flags }: KeyRecord): Decision<void> {
  if (!isApplied(setting)) return allow(undefined)
  if (transports(flags)) return refused('a key that wraps or unwraps cannot be copied')
  return derivesByMac(keyClass, flags)
    ? refused('a secret key that derives cannot be copied')
    : allow(undefined)
}

const refused = (rule: string) => deny('attribute-refused', `Under the policy trusted-wrapping ${rule}`)
