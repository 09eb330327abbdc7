import { FLAG_NAMES, type FlagName, type Flags, type NewAttributes } from '../contract/attributes.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { refusal } from './attribute-refusal.ts'
import { setFlag } from './attribute-rules.ts'
import { all, allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { changeFits } from './hsm-profile/attributes.ts'
import { typeFits } from './hsm-profile/key-types.ts'
import { owns } from './key-visibility.ts'
import { mayCopy } from './trusted-wrapping/changes.ts'
import { mayPlace } from './trusted-wrapping/new-keys.ts'

type Copy = { readonly attributes: NewAttributes; readonly session: boolean }

/** The flags of a copy that the rules for keys, the type of the HSM and the policy trusted-wrapping allow. */
export function mayCopyKey(
  { actor, key, cluster }: About<'actor' | 'key' | 'cluster'>,
  { attributes, session }: Copy,
): Decision<Flags> {
  const flags = all(mayCopy(cluster, key), copyFlags(actor, key, attributes, session))
  if (!flags.allow) return flags
  const copy = { ...key, flags: flags.result, idAttribute: attributes.id ?? key.idAttribute }
  const placed = { ...copy, origin: { from: 'copied' } } as const
  return all(changeFits(cluster, key, copy), typeFits(cluster, placed), mayPlace(cluster, placed), flags)
}

/**
 * The flags of a copy. Only the owner copies: a copy made by anyone else would outlive the share. They may differ from
 * those of the original as `key set-attribute` could change them, and in `token` and `private`, which a copy has anew;
 * and it may be made sensitive (PKCS#11 v2.40 §4.1.2). That an admin trusts the original says nothing about the copy.
 */
function copyFlags(
  actor: Actor,
  key: KeyRecord,
  attributes: NewAttributes,
  session: boolean,
): Decision<Flags> {
  if (!owns(actor, key)) return deny('not-owner')
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
