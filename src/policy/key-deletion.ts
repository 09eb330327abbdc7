import { type KeyRecord, recordKey } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'

/** Only the owner deletes, and only a destroyable key. The other half of a pair stays. */
export function deleteKey(actor: Actor, key: KeyRecord): Decision<void> {
  if (actor.role !== 'crypto-user' || key.owner !== actor.id) return deny('not-owner')
  return key.flags.destroyable ? allow(undefined, { delete: recordKey(key) }) : deny('not-destroyable')
}
