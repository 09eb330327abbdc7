import type { AttributeValue } from '../../contract/attributes.ts'
import type { KeyRecord } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { setAttribute } from '../../policy/attribute-rules.ts'
import { keysFit } from '../../policy/capacity.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import { changeFits } from '../../policy/hsm-profile/attributes.ts'
import { keyAvailable } from '../../policy/key-availability.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { mayChange } from '../../policy/trusted-wrapping/changes.ts'
import { clusterOf } from '../cluster-state.ts'
import { availability, keyRoom } from '../facts.ts'
import { change } from '../pipelines.ts'
import { select } from '../selection.ts'

export const keySetAttribute = change('key.set-attribute', {
  decide({ parts, view, call }, { filter, attributes }) {
    const selected = exactlyOne(select(view, call, filter))
    if (!selected.allow) return selected
    const before = selected.result
    const decision = setAll(call.actor, before, attributes)
    if (!decision.allow) return decision
    const after = decision.result
    if (after === before) return allow(undefined)
    const cluster = clusterOf(view)
    const permits = [changeFits(cluster, before, after), mayChange(cluster, before, after)]
    // A session key that becomes a token key takes a place in the store.
    if (after.flags.token && !before.flags.token)
      permits.push(keysFit(keyRoom(view, call), [after]), keyAvailable(availability(parts, call), true))
    return permits.find((permit) => !permit.allow) ?? allow(undefined, { put: after })
  },
  reply: () => ({}),
})

/** One after another; that a key becomes unmodifiable comes last, so that it does not get in the way of the others. */
function setAll(
  actor: Actor,
  key: KeyRecord,
  attributes: Readonly<Record<string, AttributeValue>>,
): Decision<KeyRecord> {
  const { modifiable, ...others } = attributes
  const entries = Object.entries(others)
  if (modifiable !== undefined) entries.push(['modifiable', modifiable])
  let decision: Decision<KeyRecord> = allow(key)
  for (const [name, value] of entries) {
    if (decision.allow) decision = setAttribute(actor, decision.result, name, value)
  }
  return decision
}
