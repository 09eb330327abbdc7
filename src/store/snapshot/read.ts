/** A store's records as a snapshot has them. It is believed as far as the root of the store bears out, and never needed. */
import type { Log } from '../../base/log.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { createCatalog } from '../../catalog/memory-catalog.ts'
import { createRecordSet, type RecordSet } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import { readChunk } from './chunk.ts'
import { type SnapshotFile, type SnapshotPlace, type Tail, unusable } from './file.ts'

/** For a store that may have a snapshot beside it. */
export type SnapshotOptions = { readonly place: SnapshotPlace; readonly log: Log }

/** What has been written to a snapshot, and what has changed since. */
export type Written = {
  readonly tail: Tail
  /** Keys of records. */
  readonly changed: ReadonlySet<string>
}

/**
 * All records of a snapshot.
 *
 * @param sealer of the store
 * @throws HsmError as `unusable`, and what reading damaged bytes may throw
 */
export function readContents(
  { tail, chunks }: SnapshotFile,
  sealer: Sealer,
): { readonly catalog: Catalog; readonly records: RecordSet } {
  const { root, revisionSum } = tail.ending
  const contents = { catalog: createCatalog(), revisions: new Map<string, number>() }
  for (const chunk of chunks()) readChunk(chunk, contents)
  const { catalog, revisions } = contents
  const records = createRecordSet(sealer, { revisions, digest: root.digest })
  if (revisions.size !== root.records || records.revisionSum() !== revisionSum) {
    throw unusable('it does not have the records that it says')
  }
  return { catalog, records }
}

/** @param records of the store @param changed of those, as far as they had to be read */
export function tellUsed(log: Log, path: string, records: number, changed: number): void {
  log('info', { path, records, changed }, 'the records are those of the snapshot and of the changes since')
}

/** The start is slower, and finds out what there is to know. */
export function tellUnused(log: Log, path: string, error: unknown): undefined {
  const why = error instanceof Error ? error.message : String(error)
  log('warn', { path, why }, 'the snapshot cannot be used, so all records are read')
}
