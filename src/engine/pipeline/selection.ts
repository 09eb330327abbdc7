/** The keys that a request selects, by the row of its operation. */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { Selector } from '../../contract/filter-terms.ts'
import type { KeyRecord } from '../../model/records.ts'
import type { Decision, Refusal } from '../../policy/decision.ts'
import { keyOfStream } from '../../policy/key-stream.ts'
import type { Stream } from '../streams/stream.ts'
import { type Attempt, note, referenceIn } from './attempt.ts'
import type { CommonFacts } from './facts.ts'
import { keyName } from './key-names.ts'
import { keyOf, selectOne } from './search.ts'

/** Keys that were selected before, by name: the same are meant, whatever the request selects now. */
export type Pinned = Readonly<Record<string, KeyRecord | undefined>>

type Request = Readonly<Record<string, unknown>>
type Found = Record<string, KeyRecord | Stream | undefined>

/**
 * Adds to the facts the keys that the request selects by the row of its operation, one for each member, and the stream that
 * selects one; tells the journals which.
 *
 * @returns why a key cannot be had
 */
export function selectKeys(
  attempt: Attempt,
  facts: CommonFacts,
  request: object,
  pinned?: Pinned,
): Refusal | undefined {
  const { view } = facts
  const found = facts as unknown as Found
  for (const member in attempt.row.keys) {
    const name = keyName(member)
    const before = pinned?.[name]
    if (member === 'stream') found['stream'] = streamOf(attempt, request as Request)
    const key = before
      ? selectOne(view, attempt.call, { reference: before.id })
      : selectKey(attempt, view, member, request as Request)
    if (!key.allow) return key
    found[name] = key.result
    // What a filter names by its reference was noted with the request.
    if (!before && referenceIn((request as Request)[member]) === undefined) {
      note(attempt, `key/${key.result.id}`)
    }
  }
  return undefined
}

const streamOf = ({ parts, call }: Attempt, { stream }: Request): Stream | undefined =>
  parts.streams.get(call.actor.session, String(stream))

function selectKey(
  attempt: Attempt,
  view: CatalogView,
  member: string,
  request: Request,
): Decision<KeyRecord> {
  if (member === 'stream') {
    const reference = streamOf(attempt, request)?.begun?.key
    return keyOfStream(reference === undefined ? undefined : keyOf(view, attempt.call, reference))
  }
  return selectOne(view, attempt.call, request[member] as Selector)
}
