/** What the bodies of transactions do to a catalog before their writes are committed. */
import type { Catalog, CatalogView } from '../catalog/catalog.ts'
import { canHold, tooOld } from '../model/formats.ts'
import { type RecordKey, recordKey, type Write } from '../model/records.ts'
import type { Change, Conclusion } from './store.ts'

/**
 * Runs a body and applies what it writes. When it throws, the catalog is as it was.
 *
 * @throws HsmError `unavailable` for a record that the format of the cluster cannot hold, and whatever the body throws
 */
export function runBody<R>(
  catalog: Catalog,
  body: (view: CatalogView) => Conclusion<R>,
  revision: number,
): Conclusion<R> & { readonly changes: readonly Change[] } {
  const conclusion = body(catalog)
  const changes = applyWrites(catalog, conclusion.writes, revision)
  const cluster = catalog.cluster()
  if (changes.every(({ after }) => !after || canHold(cluster, after))) return { ...conclusion, changes }
  undo(catalog, changes)
  throw tooOld()
}

/** One change for each record that is not as it was before; the catalog has them when this returns. */
export function applyWrites(catalog: Catalog, writes: readonly Write[], revision: number): readonly Change[] {
  const changes = new Map<RecordKey, Change>()
  for (const write of writes) {
    const key = 'put' in write ? recordKey(write.put) : write.delete
    const replaced = catalog.apply(write)
    const earlier = changes.get(key)
    changes.set(key, {
      revision,
      key,
      before: earlier ? earlier.before : replaced,
      after: 'put' in write ? write.put : undefined,
    })
  }
  return [...changes.values()].filter(({ before, after }) => before !== undefined || after !== undefined)
}

/** Brings the catalog back to what it was before the changes, the newest of which is last. */
export function undo(catalog: Catalog, changes: readonly Change[]): void {
  for (const { key, before } of changes.toReversed()) {
    catalog.apply(before ? { put: before } : { delete: key })
  }
}
