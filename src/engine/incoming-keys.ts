/** Keys that come from outside, on their way to a place in the HSM. */
import type { Flags, NewAttributes } from '../contract/attributes.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../contract/key-type-classes.ts'
import type { IncomingKey } from '../crypto/incoming-key.ts'
import { keysFit } from '../policy/capacity.ts'
import { keyAvailable } from '../policy/key-availability.ts'
import type { Origin } from '../policy/new-key-flags.ts'
import { availability, keyRoom } from './facts.ts'
import { flagsOfNew } from './new-flags.ts'
import type { Draft } from './new-keys.ts'
import type { Call, Parts } from './parts.ts'
import { granted } from './pipelines.ts'

/** What whoever brings a key says about it. */
export type Wishes = {
  readonly label: string
  readonly session: boolean
  readonly attributes: NewAttributes
  readonly 'share-crypto-users': readonly string[]
}

/** The flags it will have. Everything that can be refused without the key is refused here. */
export function incomingFlags(
  parts: Parts,
  call: Call,
  name: KeyTypeClass,
  wishes: Wishes,
  origin: Origin,
): Flags {
  const { keyClass } = KEY_TYPE_CLASSES[name]
  const flags = flagsOfNew(parts, keyClass, wishes, origin)
  granted(keyAvailable(availability(parts, call), flags.token))
  granted(keysFit(keyRoom(parts.store.catalog, call), [{ keyClass, flags }]))
  return flags
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
