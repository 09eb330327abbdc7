/** Attributes that cannot be changed on an HSM of type hsm1.medium. */
import type { KeyRecord } from '../../model/records.ts'
import { refusal } from '../attribute-refusal.ts'
import { allow, type Decision } from '../decision.ts'
import type { Profile } from './profile.ts'

/** Whether the type of the HSM allows a change of attributes, or the differences of a copy. */
export function changeFits({ hsmType }: Profile, before: KeyRecord, after: KeyRecord): Decision<void> {
  if (hsmType !== 'hsm1.medium') return allow(undefined)
  if (before.idAttribute !== after.idAttribute) return refusal('id', after.idAttribute)
  const kept = ['extractable', ...(after.keyType === 'rsa' ? (['derive'] as const) : [])] as const
  const changed = kept.find((name) => before.flags[name] !== after.flags[name])
  return changed ? refusal(changed, after.flags[changed]) : allow(undefined)
}
