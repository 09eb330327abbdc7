/**
 * The material of keys, read from etcd when it is asked for and kept for a while, or all of it, read in the background, if the cluster
 * is set so. Any member may be asked first, also one that is behind or has no quorum: a record is sealed under the number of its
 * commit, and the replica knows which one that must be.
 */
import type { HsmError } from '../../contract/errors.ts'
import type { RecordKey } from '../../model/records.ts'
import { createKeptMaterials } from './kept-materials.ts'
import type { Keyspace } from './keyspace.ts'
import { createMaterialReading, type Found, gone } from './material-reading.ts'
import { createReadingAhead } from './reading-ahead.ts'
import type { Replica } from './replica.ts'

export interface Materials {
  /** As `Store.material`. */
  of(key: RecordKey): string | Promise<string>
  /** Undefined when it must be read. */
  kept(key: RecordKey): string | undefined
  /** Whether it is kept, or will not be found. */
  isAtHand(key: RecordKey): boolean
  held(): HeldMaterial
  /** Reads no more, and wipes what is kept. */
  close(): void
}

/** What is in memory now: of how many keys, and in how many bytes. */
export type HeldMaterial = { readonly keys: number; readonly bytes: number }

/** Of keys that were used or written lately, unless all is kept; some 2 kB each. */
const MOST_KEPT = 1024

/** @param damaged told when etcd does not hold what it held before */
export function createMaterials(
  keyspace: Keyspace,
  replica: Replica,
  damaged: (error: HsmError) => void,
): Materials {
  const { catalog } = replica
  let keepsAll = false
  let isClosed = false
  const cache = createKeptMaterials(() => (keepsAll ? Number.POSITIVE_INFINITY : MOST_KEPT))
  const reading = createMaterialReading({ keyspace, replica, damaged, taken })
  const ahead = createReadingAhead({
    keys: catalog.keys,
    lacks: (key) => keepsAll && commitOf(key) !== undefined && !cache.has(key, commitOf(key)),
    async read(keys) {
      const found = await reading.several(keys)
      return keys.every((key, at) => !keepsAll || commitOf(key) === undefined || has(key, found[at]))
    },
  })
  const commitOf = (key: RecordKey): number | undefined => replica.records().revisions.get(key)

  /** If it is that of the record as the replica has it. */
  function taken(key: RecordKey, found: Found | undefined): string | undefined {
    if (!found || found.commit !== commitOf(key)) return undefined
    if (!isClosed) cache.put(key, found.commit, found.material)
    return found.material
  }

  /** What the watch has brought meanwhile is as good. */
  const has = (key: RecordKey, found: Found | undefined): boolean =>
    cache.has(key, commitOf(key)) || taken(key, found) !== undefined

  function follow(): void {
    const all = catalog.cluster()?.materialInMemory === 'all'
    if (keepsAll && !all) cache.clear()
    keepsAll = all
    if (all && cache.count() < catalog.keyCount()) ahead.wake()
  }

  const unsubscribe = replica.subscribe((changes) => {
    for (const { key, after, material } of changes) {
      const commit = commitOf(key)
      if (!after || commit === undefined) cache.drop(key)
      else if (material !== undefined) cache.put(key, commit, material)
      else if (!cache.has(key, commit)) cache.drop(key)
    }
    follow()
  })
  follow()

  const kept = (key: RecordKey) => cache.get(key, commitOf(key))
  return {
    kept,
    isAtHand: (key) => commitOf(key) === undefined || cache.has(key, commitOf(key)),
    of(key) {
      if (commitOf(key) === undefined) throw gone()
      return kept(key) ?? reading.one(key)
    },
    held: () => ({ keys: cache.count(), bytes: cache.bytes() }),
    close() {
      isClosed = true
      unsubscribe()
      ahead.stop()
      cache.clear()
    },
  }
}
