/** Keys from outside, before they are records. */
import type { Flags, NewAttributes } from '../../contract/attributes.ts'
import type { IncomingKey } from '../../crypto/incoming-key.ts'
import type { Origin } from '../../policy/new-key-flags.ts'
import type { Draft } from './new-keys.ts'

/** What whoever brings a key says about it. */
export type Wishes = {
  readonly label: string
  readonly session: boolean
  readonly attributes: NewAttributes
  readonly 'share-crypto-users': readonly string[]
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
