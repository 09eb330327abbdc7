import type { KeyRecord } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { allow } from '../../policy/decision.ts'
import { nearestFirst, standing } from '../../policy/key-visibility.ts'
import { answer } from '../pipeline/pipeline.ts'
import { leavingOut, selectBy } from '../pipeline/search.ts'
import { keySummary, shownKey } from '../reply/key-object.ts'
import { page } from '../reply/paging.ts'

/** Admins are shown references and labels whether they ask for more or not. */
export const keyList = answer<'key.list'>({
  read({ view, call }, request, parts) {
    const selected = selectBy(view, call, request)
    if (!selected.allow) return selected
    const wanted = leavingOut(selected.result, request.without)
    const nearest = request['nearest-first']
    const keys = nearest ? nearestFirst(call.actor, wanted) : wanted
    const { items, next } = page(keys, request['max-items'], request['starting-token'], !nearest)
    const covers = parts.cluster.coverage()
    return allow({
      matched_keys: items.map((key) =>
        request.verbose ? shownKey(call.actor, view, key, covers) : keySummary(key),
      ),
      ...(nearest && { standing: standings(call.actor, items) }),
      total_key_count: keys.length,
      returned_key_count: items.length,
      ...(next !== undefined && { next_token: next }),
    })
  },
})

function standings(actor: Actor, keys: readonly KeyRecord[]): { own: number; shared: number } {
  const count = { own: 0, shared: 0, other: 0 }
  for (const key of keys) count[standing(actor, key)] += 1
  return { own: count.own, shared: count.shared }
}
