import type { Wrapping } from '../../contract/mechanisms.ts'
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision, deny, type Refusal } from '../decision.ts'
import { isApplied, isHonoured, type Setting } from './profile.ts'

/** NIST SP 800-38D §5.2.1.2: shorter tags are for special applications only; enough tries forge one. */
const TAG_BITS_MIN = 96

/**
 * Whether the policy `trusted-wrapping` lets this key leave under that one. Two keys under one IV of AES-GCM tell each
 * other's value, so callers choose none.
 */
export function mayWrapUnder(
  setting: Setting,
  { wrapping, payload }: { readonly wrapping: KeyRecord; readonly payload: KeyRecord },
  mechanism: Wrapping,
): Decision<void> {
  if (!isApplied(setting)) return allow(undefined)
  if (mechanism.name === 'aes-gcm' && mechanism.iv !== undefined) {
    return refused('invalid-mechanism', 'the HSM makes the iv of a wrapped key')
  }
  const isGuarded = payload.flags.sensitive || payload.flags['wrap-with-trusted']
  if (isGuarded && !isHonoured(setting, wrapping)) {
    return refused(
      'wrap-refused',
      'a sensitive key can only be wrapped with one that was made and trusted since',
    )
  }
  return sound(mechanism)
}

/** Whether the policy `trusted-wrapping` lets a key come in this way: not one that nobody has wrapped. */
export function mayUnwrapBy(setting: Setting, mechanism: Wrapping): Decision<void> {
  if (!isApplied(setting)) return allow(undefined)
  if (mechanism.name === 'rsa-pkcs') {
    return refused('invalid-mechanism', 'keys are not unwrapped with rsa-pkcs, which accepts anything')
  }
  return sound(mechanism)
}

function sound(mechanism: Wrapping): Decision<void> {
  if ('tag-length-bits' in mechanism && mechanism['tag-length-bits'] < TAG_BITS_MIN) {
    return refused('invalid-mechanism', `tag-length-bits must be at least ${TAG_BITS_MIN}`)
  }
  return allow(undefined)
}

const refused = (code: 'invalid-mechanism' | 'wrap-refused', rule: string): Refusal =>
  deny(code, `Under the policy trusted-wrapping ${rule}`)
