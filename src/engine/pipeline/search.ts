/** Finds the keys that fit a filter or other criteria, among those that exist for the actor. */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { Filter, Selector } from '../../contract/filter-terms.ts'
import type { CheckedCriteria } from '../../contract/filters.ts'
import { globMatcher } from '../../contract/label-glob.ts'
import { attributeOf } from '../../model/key-attributes.ts'
import type { KeyRecord } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { holdersOf } from '../../policy/key-sharing.ts'
import { holds, maySelectByHolder, sees } from '../../policy/key-visibility.ts'
import type { CallView } from '../call.ts'
import { targets } from './facts.ts'

/** Criteria with what they name looked up. Users are meant by their ids. */
type Wanted = {
  readonly filter: Selector
  readonly label?: ((label: string) => boolean) | undefined
  readonly owner?: string | undefined
  readonly sharedWith?: string | undefined
}

/** The one key that fits. By its reference, as programs ask, it is looked up and nothing else. */
export function selectOne(view: CatalogView, call: CallView, filter: Selector): Decision<KeyRecord> {
  if (!('reference' in filter)) return exactlyOne(find(view, call, { filter }))
  const key = keyOf(view, call, filter.reference)
  return key && sees(call.actor, key) ? allow(key) : exactlyOne([])
}

/** A token key, or one of the session's own, whether or not the actor sees it. */
export const keyOf = (view: CatalogView, { session }: CallView, reference: string): KeyRecord | undefined =>
  view.key(reference) ?? session?.keys.key(reference)

/** The same by more than a filter. */
export function selectBy(
  view: CatalogView,
  call: CallView,
  criteria: CheckedCriteria,
): Decision<readonly KeyRecord[]> {
  const wanted = resolved(view, call.actor, criteria)
  return wanted.allow ? allow(find(view, call, wanted.result)) : wanted
}

/** Those of the named keys that exist for the actor and fit the criteria. */
export function selectAmong(
  view: CatalogView,
  call: CallView,
  criteria: CheckedCriteria,
  references: readonly string[],
): Decision<ReadonlyMap<string, KeyRecord>> {
  const wanted = resolved(view, call.actor, criteria)
  if (!wanted.allow) return wanted
  const keys = references.flatMap((reference) => keyOf(view, call, reference) ?? [])
  return allow(new Map(matching(keys, call.actor, wanted.result).map((key) => [key.id, key])))
}

/** Those of which none of the terms is true. */
export function leavingOut(keys: readonly KeyRecord[], terms: Filter): readonly KeyRecord[] {
  if (terms.length === 0) return keys
  return keys.filter((key) => terms.every(({ name, value }) => attributeOf(key, name) !== value))
}

function resolved(view: CatalogView, actor: Actor, criteria: CheckedCriteria): Decision<Wanted> {
  const { filter, 'label-glob': glob, owner, 'shared-with': sharedWith } = criteria
  const named = targets(
    view,
    [owner, sharedWith].filter((name) => name !== undefined),
  )
  if (named.length > 0) {
    const may = maySelectByHolder(actor)
    if (!may.allow) return may
  }
  const holders = holdersOf(named)
  if (!holders.allow) return holders
  const idOf = (name: string | undefined) => named.find(({ username }) => username === name)?.user?.id
  return allow({
    filter,
    label: glob === undefined ? undefined : globMatcher(glob),
    owner: idOf(owner),
    sharedWith: idOf(sharedWith),
  })
}

/** Token keys and the session's own keys, in the order of their references. */
function find(view: CatalogView, { actor, session }: CallView, wanted: Wanted): readonly KeyRecord[] {
  const found = matching(candidates(view, actor, wanted), actor, wanted)
  if (session && actor.role === 'crypto-user') found.push(...matching(session.keys.keys(), actor, wanted))
  return isSorted(found) ? found : found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function matching(keys: Iterable<KeyRecord>, actor: Actor, wanted: Wanted): KeyRecord[] {
  const { filter, label, owner, sharedWith } = wanted
  const found: KeyRecord[] = []
  for (const key of keys) {
    const isWanted =
      (owner === undefined || key.owner === owner) &&
      (sharedWith === undefined || key.sharedWith.includes(sharedWith)) &&
      sees(actor, key) &&
      fits(key, filter) &&
      (label?.(key.label) ?? true)
    if (isWanted) found.push(key)
  }
  return found
}

const fits = (key: KeyRecord, filter: Selector): boolean =>
  'reference' in filter
    ? key.id === filter.reference
    : filter.terms.every(({ name, value }) => attributeOf(key, name) === value)

/** The smallest set of keys an index gives that has every match in it. */
function candidates(view: CatalogView, actor: Actor, wanted: Wanted): Iterable<KeyRecord> {
  const [smallest] = indexed(view, wanted).sort((a, b) => a.size - b.size)
  if (smallest) return recordsOf(view, smallest)
  if (actor.role === 'admin') return view.keys()
  return visible(view, actor)
}

/** What a crypto user sees, each key once. */
function* visible(view: CatalogView, actor: Actor): Generator<KeyRecord> {
  yield* recordsOf(view, view.keysByOwner(actor.id))
  for (const key of recordsOf(view, view.keysBySharedUser(actor.id))) if (key.owner !== actor.id) yield key
  for (const key of recordsOf(view, view.publicKeys())) if (!holds(actor, key)) yield key
}

function indexed(view: CatalogView, { filter, owner, sharedWith }: Wanted): ReadonlySet<string>[] {
  const sets = 'terms' in filter ? indexedBy(view, filter.terms) : [new Set([filter.reference])]
  if (owner !== undefined) sets.push(view.keysByOwner(owner))
  if (sharedWith !== undefined) sets.push(view.keysBySharedUser(sharedWith))
  return sets
}

function indexedBy(view: CatalogView, terms: Filter): ReadonlySet<string>[] {
  const sets: ReadonlySet<string>[] = []
  for (const { name, value } of terms) {
    if (name === 'key-reference') sets.push(new Set([String(value)]))
    if (name === 'label') sets.push(view.keysByLabel(String(value)))
    if (name === 'id' && value !== '0x') sets.push(view.keysById(String(value)))
  }
  return sets
}

function* recordsOf(view: CatalogView, references: ReadonlySet<string>): Generator<KeyRecord> {
  for (const reference of references) {
    const key = view.key(reference)
    if (key) yield key
  }
}

const isSorted = (keys: readonly KeyRecord[]): boolean =>
  keys.every((key, at) => at === 0 || (keys[at - 1]?.id ?? '') <= key.id)
