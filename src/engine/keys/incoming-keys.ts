/** Keys from outside, before they are records. */
import type { Flags, NewAttributes } from '../../contract/attributes.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../../contract/key-type-classes.ts'
import type { IncomingKey } from '../../crypto/incoming-key.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import type { Origin } from '../../policy/new-key-flags.ts'
import { mayMakeKeys } from '../../policy/new-keys.ts'
import { type CommonFacts, keyRoom } from '../pipeline/facts.ts'
import type { Draft } from './new-keys.ts'

/** What whoever brings a key says about it. */
export type Wishes = {
  readonly label: string
  readonly session: boolean
  readonly attributes: NewAttributes
  readonly 'share-crypto-users': readonly string[]
}

/** The flags that it will have. */
export function mayBringKey(
  facts: CommonFacts,
  name: KeyTypeClass,
  { attributes, session }: Wishes,
  origin: Origin,
): Decision<Flags> {
  const { keyClass } = KEY_TYPE_CLASSES[name]
  const room = keyRoom(facts)
  const flags = mayMakeKeys({ ...facts, room }, [{ keyClass, attributes }], { session, origin })
  return flags.allow ? allow(flags.result[0] as Flags) : flags
}

export const incomingDraft = (key: IncomingKey, flags: Flags, wishes: Wishes, origin: Origin): Draft => ({
  ...key,
  origin,
  label: wishes.label,
  idAttribute: wishes.attributes.id ?? '0x',
  subject: wishes.attributes.subject,
  flags,
  wrapTemplate: undefined,
  unwrapTemplate: undefined,
  mlDsa: undefined,
  shareWith: wishes['share-crypto-users'],
})
