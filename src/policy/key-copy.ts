import { FLAG_NAMES, type FlagName, type Flags, type NewAttributes } from '../contract/attributes.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { refusal } from './attribute-refusal.ts'
import { setFlag } from './attribute-rules.ts'
import { allow, type Decision, deny } from './decision.ts'

/**
 * The flags of a copy. Only the owner copies: a copy made by anyone else would outlive the share. They may differ from
 * those of the original as `key set-attribute` could change them, and in `token` and `private`, which a copy has anew;
 * and it may be made sensitive (PKCS#11 v2.40 §4.1.2). That an admin trusts the original says nothing about the copy.
 */
export function copyFlags(
  actor: Actor,
  key: KeyRecord,
  attributes: NewAttributes,
  session: boolean,
): Decision<Flags> {
  if (actor.role !== 'crypto-user' || key.owner !== actor.id) return deny('not-owner')
  if (session && attributes.token)
    return deny('invalid-attribute', 'A session key cannot have the attribute token=true')
  let decision: Decision<Flags> = allow({ ...key.flags, token: !session, trusted: false })
  for (const name of FLAG_NAMES) {
    const value = attributes[name]
    if (decision.allow && value !== undefined) decision = copyFlag(key, decision.result, name, value)
  }
  return decision
}

function copyFlag(key: KeyRecord, flags: Flags, name: FlagName, value: boolean): Decision<Flags> {
  if (flags[name] === value) return allow(flags)
  if (name === 'token' || name === 'private') return allow({ ...flags, [name]: value })
  if (!key.flags.modifiable) return deny('not-modifiable')
  if (name === 'sensitive' && value && key.keyClass !== 'public-key')
    return allow({ ...flags, sensitive: value })
  if (name === 'trusted') return refusal(name, value)
  const changed = setFlag({ ...key, flags }, name, value)
  return changed.allow ? allow(changed.result.flags) : changed
}
