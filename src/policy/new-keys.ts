import type { Flags, KeyClass, NewAttributes } from '../contract/attributes.ts'
import { keysFit } from './capacity.ts'
import { all, allow, type Decision } from './decision.ts'
import type { About } from './facts.ts'
import { keyAvailable } from './key-availability.ts'
import { newKeyFlags, type Origin } from './new-key-flags.ts'
import { completedFor, mayMake } from './trusted-wrapping/new-keys.ts'

type Wanted = { readonly keyClass: KeyClass; readonly attributes: NewAttributes }
type Making = { readonly session: boolean; readonly origin: Origin }

/**
 * The flags that new keys will have, by the rules for all keys and by the policy trusted-wrapping, if there is room for them.
 * Whatever can be refused before the keys are made is refused here.
 */
export function mayMakeKeys(
  { cluster, circumstances, room }: About<'cluster' | 'circumstances' | 'room'>,
  wanted: readonly Wanted[],
  { session, origin }: Making,
): Decision<readonly Flags[]> {
  const planned: { keyClass: KeyClass; flags: Flags }[] = []
  for (const { keyClass, attributes } of wanted) {
    const flags = newKeyFlags(keyClass, completedFor(cluster, keyClass, attributes), session, origin)
    if (!flags.allow) return flags
    const may = mayMake(cluster, { keyClass, flags: flags.result, origin })
    if (!may.allow) return may
    planned.push({ keyClass, flags: flags.result })
  }
  const isToken = planned.some(({ flags }) => flags.token)
  return all(
    keyAvailable(circumstances, isToken),
    keysFit(room, planned),
    allow(planned.map(({ flags }) => flags)),
  )
}
