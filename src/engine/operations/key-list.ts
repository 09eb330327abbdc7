import { allow } from '../../policy/decision.ts'
import { page } from '../../policy/paging.ts'
import { keyObject, keySummary } from '../key-object.ts'
import { read } from '../pipelines.ts'
import { selectBy } from '../selection.ts'

/** Admins are shown references and labels whether they ask for more or not. */
export const keyList = read<'key.list'>(({ parts, view, call }, request) => {
  const selected = selectBy(view, call, request)
  if (!selected.allow) return selected
  const keys = selected.result
  const decision = page(keys, request['max-items'], request['starting-token'])
  if (!decision.allow) return decision
  const { items, next } = decision.result
  const full = request.verbose && call.actor.role === 'crypto-user'
  const covers = parts.cluster.coverage()
  return allow({
    matched_keys: items.map((key) => (full ? keyObject(view, key, covers) : keySummary(key))),
    total_key_count: keys.length,
    returned_key_count: items.length,
    ...(next !== undefined && { next_token: next }),
  })
})
