/** The keys that a request selects, by the row of its operation. */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { Selector } from '../../contract/filter-terms.ts'
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision, deny } from '../../policy/decision.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import type { Attempt } from './attempt.ts'
import { keyName } from './facts.ts'
import { keyOf, select } from './search.ts'

/** Keys that were selected before, by name: the same are meant, whatever the request selects now. */
export type Pinned = Readonly<Record<string, KeyRecord | undefined>>

/** The keys that the request selects by the row of its operation, one for each member; tells the journals which. */
export function selectKeys(
  attempt: Attempt,
  view: CatalogView,
  request: object,
  pinned?: Pinned,
): Decision<Record<string, KeyRecord>> {
  const found: Record<string, KeyRecord> = {}
  for (const member in attempt.row.keys) {
    const name = keyName(member)
    const before = pinned?.[name]
    const key = before
      ? exactlyOne(select(view, attempt.call, { reference: before.id }))
      : selectKey(attempt, view, member, request as Readonly<Record<string, unknown>>)
    if (!key.allow) return key
    found[name] = key.result
    if (!before) note(attempt, key.result.id)
  }
  return allow(found)
}

function selectKey(
  attempt: Attempt,
  view: CatalogView,
  member: string,
  request: Readonly<Record<string, unknown>>,
): Decision<KeyRecord> {
  if (member === 'stream') return keyOfStream(attempt, view, String(request[member]))
  const filter = request[member] as Selector
  if ('reference' in filter) note(attempt, filter.reference)
  return exactlyOne(select(view, attempt.call, filter))
}

/** Its right has ended with it when it is gone. */
function keyOfStream({ parts, call }: Attempt, view: CatalogView, stream: string): Decision<KeyRecord> {
  const reference = parts.streams.get(call.actor.session, stream)?.begun?.key
  const key = reference === undefined ? undefined : keyOf(view, call, reference)
  return key ? allow(key) : deny('revoked')
}

function note({ subjects }: Attempt, reference: string): void {
  const subject = `key/${reference}`
  if (!subjects.includes(subject)) subjects.push(subject)
}
