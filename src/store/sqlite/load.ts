/** Reading all records of a database into a new catalog, believing nothing that is not proven. */
import type { DatabaseSync } from 'node:sqlite'
import type { Catalog } from '../../catalog/catalog.ts'
import { createCatalog } from '../../catalog/memory-catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import { createRecordSet, openRoot, type RecordSet, type Root, refuseSurplus } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import { openRecord } from '../sealing.ts'

/** All records of a database, proven to be whole. */
export type Loaded = { readonly catalog: Catalog; readonly records: RecordSet; readonly root: Root }

/** @throws HsmError `store-damaged` naming the record at fault, where it can be known */
export function load(database: DatabaseSync, sealer: Sealer): Loaded {
  const catalog = createCatalog()
  const records = createRecordSet(sealer)
  const root = loadRoot(database, sealer)
  const rows = database.prepare('SELECT key, revision, sealed FROM record', { readBigInts: true })
  for (const row of rows.iterate()) {
    const { key, revision, sealed } = checkRow(row, root)
    catalog.apply({ put: openRecord(sealer, key, revision, sealed) })
    records.replace(key, revision)
    refuseSurplus(records, root)
  }
  records.verify(root)
  return { catalog, records, root }
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
