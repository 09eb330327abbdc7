/** The embedded store: one SQLite database, all of it sealed, for one process. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { HsmError } from '../../contract/errors.ts'
import { readAuditLog } from '../audit-log.ts'
import { createGroupCommit, storeClosed } from '../group-commit.ts'
import { createRecordSet, sealRoot } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import type { Store } from '../store.ts'
import { foundDatabase, openDatabase, readIdentity, type StoreIdentity } from './database.ts'
import { openFailure } from './failures.ts'
import { load } from './load.ts'
import { createMedium } from './medium.ts'

export type SqliteStoreOptions = StoreIdentity & {
  /** Of the database file, in a directory that exists and holds nothing of others. */
  readonly path: string
  /** Of this cluster and master key. */
  readonly sealer: Sealer
}

/** How often the log is brought into the database. */
const CHECKPOINT_MS = 1000

/**
 * What the store at `path` says about itself; undefined when there is none.
 * @throws HsmError as `sqliteStore` does
 */
export function storeIdentity(path: string): StoreIdentity | undefined {
  if (!existsSync(path)) return undefined
  using database = openDatabase(path)
  return readIdentity(database)
}

/**
 * Opens the store at `path`, or makes it.
 *
 * @throws HsmError `store-failure` when another process has it open or it cannot be reached; `store-damaged` when it
 *   is not whole (naming the file or the record), or belongs to another cluster or master key
 */
export function sqliteStore({ path, sealer, clusterId, masterKeyCheck }: SqliteStoreOptions): Store {
  const file = basename(path)
  if (!existsSync(path)) {
    foundDatabase(path, { clusterId, masterKeyCheck }, sealRoot(sealer, createRecordSet(sealer).root(0)))
  }
  const database = openDatabase(path)
  try {
    checkIdentity(readIdentity(database), { clusterId, masterKeyCheck }, file)
    return serve(database, sealer)
  } catch (error) {
    database.close()
    throw openFailure(error, file)
  }
}

function checkIdentity(found: StoreIdentity, expected: StoreIdentity, file: string): void {
  if (found.clusterId !== expected.clusterId) {
    throw new HsmError('store-damaged', `The store file ${file} belongs to another cluster`)
  }
  if (found.masterKeyCheck !== expected.masterKeyCheck) {
    throw new HsmError('store-damaged', `The store file ${file} was sealed under another master key`)
  }
}

function serve(database: DatabaseSync, sealer: Sealer): Store {
  const { catalog, records, revision } = load(database, sealer)
  const medium = createMedium(database, sealer, records)
  const commits = createGroupCommit(catalog, revision, medium.commit)
  const timer = setInterval(() => {
    const failure = medium.checkpoint()
    if (failure?.fatal) commits.refuse(failure.error)
  }, CHECKPOINT_MS)
  timer.unref()

  return {
    catalog,
    transact: commits.transact,
    subscribe: commits.subscribe,
    async audit(hsm, first, count) {
      if (!database.isOpen) throw storeClosed()
      return readAuditLog(catalog, hsm, first, count, (sequence) => medium.entry(hsm, sequence))
    },
    async close() {
      if (!database.isOpen) return
      commits.flush()
      commits.refuse(storeClosed())
      clearInterval(timer)
      database.close()
    },
  }
}
