/** Finds the keys that a filter names among those that exist for the actor. */
import type { CatalogView } from '../catalog/catalog.ts'
import { type Filter, parseFilter } from '../contract/filters.ts'
import { attributeOf } from '../model/key-attributes.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from '../policy/actor.ts'
import { sees } from '../policy/key-visibility.ts'
import type { Call } from './parts.ts'

/**
 * Token keys and the session's own keys, in the order of their references.
 * Throws `invalid-filter`.
 */
export function select(
  view: CatalogView,
  { actor, session }: Call,
  words: readonly string[],
): readonly KeyRecord[] {
  const filter = parseFilter(words)
  const found = matching(candidates(view, actor, filter), actor, filter)
  if (session && actor.role === 'crypto-user') found.push(...matching(session.keys.keys(), actor, filter))
  return isSorted(found) ? found : found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function matching(keys: Iterable<KeyRecord>, actor: Actor, filter: Filter): KeyRecord[] {
  const found: KeyRecord[] = []
  for (const key of keys) {
    if (sees(actor, key) && filter.every(({ name, value }) => attributeOf(key, name) === value))
      found.push(key)
  }
  return found
}

/** The smallest set of keys an index gives that has every match in it. */
function candidates(view: CatalogView, actor: Actor, filter: Filter): Iterable<KeyRecord> {
  for (const { name, value } of filter) {
    if (name === 'key-reference') return lookUp(view, new Set([String(value)]))
    if (name === 'label') return lookUp(view, view.keysByLabel(String(value)))
    if (name === 'id' && value !== '0x') return lookUp(view, view.keysById(String(value)))
  }
  if (actor.role === 'admin') return view.keys()
  const visible = [view.keysByOwner(actor.id), view.keysBySharedUser(actor.id), view.publicKeys()]
  return lookUp(view, new Set(visible.flatMap((references) => [...references])))
}

function* lookUp(view: CatalogView, references: ReadonlySet<string>): Generator<KeyRecord> {
  for (const reference of references) {
    const key = view.key(reference)
    if (key) yield key
  }
}

const isSorted = (keys: readonly KeyRecord[]): boolean =>
  keys.every((key, at) => at === 0 || (keys[at - 1]?.id ?? '') <= key.id)
