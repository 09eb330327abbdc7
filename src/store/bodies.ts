/** What the bodies of transactions do to a catalog before their writes are committed. */
import type { Catalog, CatalogView } from '../catalog/catalog.ts'
import { canHold, tooOld } from '../model/formats.ts'
import { type RecordKey, recordKey, type WholeRecord, type Write } from '../model/records.ts'
import type { Change, Conclusion } from './store.ts'

/** A change, and what a key is made with. */
export type KeyedChange = Change & {
  /** Undefined: of no key, or of one that keeps the material that stands. */
  readonly material: string | undefined
}

/** What subscribers are told. */
export const told = ({ revision, key, before, after }: KeyedChange): Change => ({
  revision,
  key,
  before,
  after,
})

/**
 * Runs a body and applies what it writes. When it throws, the catalog is as it was.
 *
 * @throws HsmError `unavailable` for a record that the format of the cluster cannot hold, and whatever the body throws
 */
export function runBody<R>(
  catalog: Catalog,
  body: (view: CatalogView) => Conclusion<R>,
  revision: number,
): Conclusion<R> & { readonly changes: readonly KeyedChange[] } {
  const conclusion = body(catalog)
  checkMaterials(catalog, conclusion.writes)
  const changes = applyWrites(catalog, conclusion.writes, revision)
  const cluster = catalog.cluster()
  if (changes.every(({ after }) => !after || canHold(cluster, after))) return { ...conclusion, changes }
  undo(catalog, changes)
  throw tooOld()
}

const keyOf = (write: Write): RecordKey => ('put' in write ? recordKey(write.put) : write.delete)

/** A key that does not stand yet, and comes without material, would never be of any use. */
function checkMaterials(catalog: CatalogView, writes: readonly Write[]): void {
  const stands = new Map<RecordKey, boolean>()
  for (const write of writes) {
    const key = keyOf(write)
    const isBare = 'put' in write && write.put.kind === 'key' && write.material === undefined
    if (isBare && !(stands.get(key) ?? catalog.get(key))) throw new Error(`${key} is new and has no material`)
    stands.set(key, 'put' in write)
  }
}

/** One change for each record that is not as it was before; the catalog has them when this returns. */
export function applyWrites(
  catalog: Catalog,
  writes: readonly Write[],
  revision: number,
): readonly KeyedChange[] {
  return merged(
    writes.map((write) => ({
      revision,
      key: keyOf(write),
      before: catalog.apply(write),
      ...('put' in write
        ? { after: write.put, material: write.material }
        : { after: undefined, material: undefined }),
    })),
  )
}

/** What several changes of a record come to; nothing for one that was made and is gone again. */
export function merged(changes: readonly KeyedChange[]): readonly KeyedChange[] {
  const byKey = new Map<RecordKey, KeyedChange>()
  for (const change of changes) {
    const { before, material } = byKey.get(change.key) ?? { ...change, material: undefined }
    byKey.set(change.key, {
      ...change,
      before,
      material: change.after && (change.material ?? material),
    })
  }
  return [...byKey.values()].filter(({ before, after }) => before !== undefined || after !== undefined)
}

/** The record as it is written. @param standing of a key that keeps the material it has */
export function whole({ after, material }: KeyedChange, standing: () => string): WholeRecord | undefined {
  return after?.kind === 'key' ? { ...after, material: material ?? standing() } : after
}

/** Brings the catalog back to what it was before the changes, the newest of which is last. */
export function undo(catalog: Catalog, changes: readonly Change[]): void {
  for (const { key, before } of changes.toReversed()) {
    catalog.apply(before ? { put: before } : { delete: key })
  }
}
