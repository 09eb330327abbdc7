/** The embedded store: one SQLite database and the mark beside it, all of it sealed, for one process. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { HsmError } from '../../contract/errors.ts'
import { readAuditLog } from '../audit-log.ts'
import { createGroupCommit, storeClosed } from '../group-commit.ts'
import { type MarkFile, markPath, openMark } from '../mark.ts'
import { createRecordSet, sealRoot } from '../record-set.ts'
import { type Rollback, revisionAfter, rollbackOf } from '../rollback.ts'
import type { Sealer } from '../sealer.ts'
import type { SnapshotOptions } from '../snapshot/read.ts'
import { createSnapshotWriter } from '../snapshot/writer.ts'
import type { Store } from '../store.ts'
import {
  bringUpToDate,
  examine,
  foundDatabase,
  isUpToDate,
  openDatabase,
  readIdentity,
  type StoreIdentity,
} from './database.ts'
import { openFailure } from './failures.ts'
import { checkedWhile } from './integrity.ts'
import { type Loaded, load, loadRoot } from './load.ts'
import { createMedium } from './medium.ts'
import { startScrub } from './scrub.ts'
import { createSoundness } from './soundness.ts'

export type SqliteStoreOptions = StoreIdentity & {
  /** Of the database file, in a directory that exists and holds nothing of others. */
  readonly path: string
  /** Of this cluster and master key. */
  readonly sealer: Sealer
  /** Take a store that is not known to be the newest; there must be reason to. */
  readonly acceptRollback?: boolean
  /** Where its records stand to be read fast. */
  readonly snapshot?: SnapshotOptions
}

export type SqliteStore = Store & {
  /** What was accepted. It is accepted for good with the first commit, which should tell of it. */
  readonly rollback: Rollback | undefined
}

/** How often the log is brought into the database. */
const CHECKPOINT_MS = 1000

/**
 * What the store at `path` says about itself; undefined when there is none.
 * @throws HsmError as `sqliteStore` does
 */
export function storeIdentity(path: string): StoreIdentity | undefined {
  if (!existsSync(path)) return undefined
  return examine(path, readIdentity)
}

/**
 * Opens the store at `path`, or makes it. A store that is refused is left as it was found.
 *
 * @throws HsmError `store-failure` when another process has it open or it cannot be reached; `store-damaged` when it
 *   is not whole (naming the file or the record), may not be the newest, or belongs to another cluster or master key;
 *   `invalid-request` when there is no rollback to accept
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, sealer, clusterId, masterKeyCheck } = options
  if (!existsSync(path)) {
    foundDatabase(path, { clusterId, masterKeyCheck }, sealRoot(sealer, createRecordSet(sealer).root(0)))
  }
  try {
    const loaded = examine(path, (database) =>
      checkedWhile(database, path, () => {
        checkIdentity(readIdentity(database), { clusterId, masterKeyCheck }, basename(path))
        return load(database, sealer, options.snapshot)
      }),
    )
    const rollback = rollbackOf(loaded.root, markPath(path), options)
    const database = openDatabase(path)
    const mark = openMark(markPath(path), sealer)
    try {
      checkUnchanged(database, sealer, loaded)
      if (!rollback) bear(database, sealer, mark, loaded)
      return { ...serve(database, options, mark, loaded, rollback), rollback }
    } catch (error) {
      mark.close()
      database.close()
      throw error
    }
  } catch (error) {
    throw openFailure(error, path)
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

/** Another process may have had the store since it was read. */
function checkUnchanged(database: DatabaseSync, sealer: Sealer, { root }: Loaded): void {
  const { revision, digest } = loadRoot(database, sealer)
  if (revision === root.revision && digest === root.digest) return
  throw new HsmError('store-failure', 'The data directory is in use by another process')
}

/** What the store holds is answered from here on, so it is marked. The first time, the store is told that it has a mark. */
function bear(database: DatabaseSync, sealer: Sealer, mark: MarkFile, { root }: Loaded): void {
  mark.write(root)
  if (root.marked && isUpToDate(database)) return
  bringUpToDate(database, sealRoot(sealer, { ...root, marked: true }))
}

function serve(
  database: DatabaseSync,
  { sealer, snapshot }: SqliteStoreOptions,
  mark: MarkFile,
  loaded: Loaded,
  rollback: Rollback | undefined,
): Store {
  const { catalog, records, root, written } = loaded
  const medium = createMedium(database, sealer, loaded, mark)
  const from = rollback ? revisionAfter(rollback) : root.revision
  const soundness = createSoundness((error) => {
    snapshot?.log('error', { err: error }, 'the store is damaged: this HSM serves no more')
    commits.refuse(error)
    writer?.discard()
  })
  const commits = createGroupCommit(catalog, from, (group) => {
    const failure = medium.commit(group)
    if (failure) soundness.note(failure.error)
    return failure
  })
  const writer =
    snapshot &&
    createSnapshotWriter({
      ...snapshot,
      source: {
        catalog,
        records: () => records,
        point: () => ({ root: records.root(commits.revision()), revisionSum: records.revisionSum() }),
      },
      written,
    })
  if (writer) commits.subscribe((changes) => writer.note(changes.map(({ key }) => key)))
  const stopScrub =
    snapshot &&
    written &&
    startScrub({
      records: records.revisions,
      check: (key) => soundness.watching(() => medium.check(key)),
      log: snapshot.log,
    })
  const timer = setInterval(() => {
    const failure = medium.checkpoint()
    if (failure?.fatal) commits.refuse(failure.error)
  }, CHECKPOINT_MS)
  timer.unref()

  return {
    check: soundness.check,
    catalog,
    transact: commits.transact,
    subscribe: commits.subscribe,
    material: (key) => soundness.watching(() => medium.material(key)),
    hasMaterial: () => true,
    async audit(hsm, first, count) {
      soundness.check()
      return readAuditLog(catalog, hsm, first, count, (sequence) => medium.entry(hsm, sequence))
    },
    async close() {
      if (!database.isOpen) return
      commits.flush()
      commits.refuse(storeClosed())
      soundness.end(storeClosed())
      clearInterval(timer)
      stopScrub?.()
      mark.close()
      database.close()
      await writer?.close()
    },
  }
}
