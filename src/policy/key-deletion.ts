import { recordKey } from '../model/records.ts'
import { allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { owns } from './key-visibility.ts'

/** Only the owner deletes, and only a destroyable key. The other half of a pair stays. */
export function mayDeleteKey({ actor, key }: About<'actor' | 'key'>): Decision<void> {
  if (!owns(actor, key)) return deny('not-owner')
  return key.flags.destroyable ? allow(undefined, { delete: recordKey(key) }) : deny('not-destroyable')
}
