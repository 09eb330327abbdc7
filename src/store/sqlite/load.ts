/** Reading all records of a database into a new catalog, believing nothing that is not proven. */
import type { DatabaseSync } from 'node:sqlite'
import type { Catalog } from '../../catalog/catalog.ts'
import { createCatalog } from '../../catalog/memory-catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import { apart, type RecordKey } from '../../model/records.ts'
import { createRecordSet, openRoot, type RecordSet, type Root, refuseSurplus } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import { openRecord } from '../sealing.ts'
import { openSnapshotFile, type Tail, unusable } from '../snapshot/file.ts'
import { readContents, type SnapshotOptions, tellUnused, tellUsed, type Written } from '../snapshot/read.ts'

/** All records of a database, proven to be whole. */
export type Loaded = {
  readonly catalog: Catalog
  readonly records: RecordSet
  readonly root: Root
  /** The snapshot that they were taken from, as far as they are still the same. */
  readonly written?: Written | undefined
}

/**
 * @param snapshot of the records, if there may be one
 * @throws HsmError `store-damaged` naming the record at fault, where it can be known
 */
export function load(database: DatabaseSync, sealer: Sealer, snapshot?: SnapshotOptions): Loaded {
  const root = loadRoot(database, sealer)
  return (snapshot && loadFromSnapshot(database, sealer, root, snapshot)) ?? loadAll(database, sealer, root)
}

function loadAll(database: DatabaseSync, sealer: Sealer, root: Root): Loaded {
  const catalog = createCatalog()
  const records = createRecordSet(sealer)
  const rows = database.prepare('SELECT key, revision, sealed FROM record', { readBigInts: true })
  for (const row of rows.iterate()) {
    const { key, revision, sealed } = checkRow(row, root)
    catalog.apply(apart(openRecord(sealer, key, revision, sealed)))
    records.replace(key, revision)
    refuseSurplus(records, root)
  }
  records.verify(root)
  return { catalog, records, root }
}

/**
 * A row that stands at the revision that the snapshot has it at holds what the snapshot has, since no revision is ever used
 * twice. So only the others are opened, and when the snapshot is of the newest state, none is read. The set of all is verified
 * as ever.
 *
 * @returns undefined when there is no snapshot, or the log has been told why it is of no use
 */
function loadFromSnapshot(
  database: DatabaseSync,
  sealer: Sealer,
  root: Root,
  { place, log }: SnapshotOptions,
): Loaded | undefined {
  try {
    using file = openSnapshotFile(place)
    if (!file) return undefined
    const { tail } = file
    if (tail.ending.root.revision > root.revision) throw unusable('it is newer than the store')
    const { catalog, records } = readContents(file, sealer)
    const changed = isStateOf(tail, root, database)
      ? NONE
      : bringForward(database, sealer, root, { catalog, records })
    records.verify(root)
    tellUsed(log, place.path, root.records, changed.size)
    return { catalog, records, root, written: { tail, changed } }
  } catch (error) {
    return tellUnused(log, place.path, error)
  }
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Whether nothing was committed since the snapshot, as after a stop: then its records are proven to be those of the store. The
 * number of rows tells of those that were taken out or put in by hand; of what became of the others, see `scrub.ts`.
 */
function isStateOf({ ending }: Tail, root: Root, database: DatabaseSync): boolean {
  if (ending.root.revision !== root.revision || ending.root.digest !== root.digest) return false
  return database.prepare('SELECT count(*) AS rows FROM record').get()?.['rows'] === root.records
}

/** @returns keys of the records that are not as they were */
function bringForward(
  database: DatabaseSync,
  sealer: Sealer,
  root: Root,
  { catalog, records }: Pick<Loaded, 'catalog' | 'records'>,
): ReadonlySet<string> {
  const changed: string[] = []
  let known = 0
  const standing = database.prepare('SELECT key, revision FROM record', { returnArrays: true })
  for (const [key, revision] of standing.iterate() as Iterable<[string, number]>) {
    const before = records.revisions.get(key)
    if (before !== undefined) known += 1
    if (before !== revision) changed.push(key)
  }
  const gone = known < records.revisions.size ? missingOf(database, records) : []
  const row = database.prepare('SELECT key, revision, sealed FROM record WHERE key = ?', {
    readBigInts: true,
  })
  for (const each of changed) {
    const { key, revision, sealed } = checkRow(row.get(each) ?? {}, root)
    catalog.apply(apart(openRecord(sealer, key, revision, sealed)))
    records.replace(key, revision)
    refuseSurplus(records, root)
  }
  for (const key of gone) {
    catalog.apply({ delete: key as RecordKey })
    records.replace(key, undefined)
  }
  return new Set([...changed, ...gone])
}

/** Keys of records that the database does not have. */
function missingOf(database: DatabaseSync, { revisions }: RecordSet): Iterable<string> {
  const missing = new Set(revisions.keys())
  const standing = database.prepare('SELECT key FROM record', { returnArrays: true })
  for (const [key] of standing.iterate() as Iterable<[string]>) missing.delete(key)
  return missing
}

/** @throws HsmError `store-damaged` */
export function loadRoot(database: DatabaseSync, sealer: Sealer): Root {
  const sealed = database.prepare('SELECT sealed FROM root').get()?.['sealed']
  if (sealed instanceof Uint8Array) return openRoot(sealer, sealed)
  throw new HsmError('store-damaged', 'The root record is missing')
}

function checkRow({ key, revision, sealed }: Record<string, unknown>, root: Root) {
  if (typeof key !== 'string' || typeof revision !== 'bigint' || !(sealed instanceof Uint8Array)) {
    throw new HsmError(
      'store-damaged',
      `Record ${shown(String(key))} is damaged: a column has the wrong type`,
    )
  }
  if (revision <= root.revision) return { key, revision: Number(revision), sealed }
  throw new HsmError(
    'store-damaged',
    `Record ${shown(key)} is newer than the root record, which was put back`,
  )
}
