/** Making and opening the database file: its schema, its file modes, and that one process has it to itself. */
import { randomUUID } from 'node:crypto'
import { chmodSync, closeSync, existsSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { syncDirectory } from '../../base/durable.ts'
import { HsmError } from '../../contract/errors.ts'
import { markPath } from '../mark.ts'
import { openFailure } from './failures.ts'

/**
 * Of the tables and what stands in them; the records have a format of their own. Since the second, there is a mark beside
 * the store.
 */
const LAYOUT = 2
const READABLE: readonly unknown[] = [1, LAYOUT]

const SCHEMA = [
  'CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT',
  'CREATE TABLE root (id INTEGER PRIMARY KEY CHECK (id = 0), sealed BLOB NOT NULL) STRICT',
  'CREATE TABLE record (key TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT',
  'CREATE TABLE audit (hsm TEXT NOT NULL, sequence INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (hsm, sequence)) STRICT, WITHOUT ROWID',
] as const

/**
 * Comes first: the kernel's lock on the file is then taken by the first access and kept until the process ends in
 * whatever way, and the index of the log is kept in memory, not in a shared file.
 */
const LOCK = 'PRAGMA locking_mode = EXCLUSIVE'

/** The log is brought into the database by a timer, not by the commit that happens to fill it. */
const SETTINGS = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA wal_autocheckpoint = 0',
  'PRAGMA secure_delete = ON',
  'PRAGMA temp_store = MEMORY',
  'PRAGMA trusted_schema = OFF',
  'PRAGMA cell_size_check = ON',
] as const

/** What a store says about itself in clear, so that the right keys can be found for it. */
export type StoreIdentity = {
  readonly clusterId: string
  /** Tells whether a master key is the right one, and nothing else about it. */
  readonly masterKeyCheck: string
}

/**
 * Makes a new store, whole or not at all: it gets its name when it is complete, so that an empty file under that
 * name is damage and never taken for a new store.
 */
export function foundDatabase(path: string, identity: StoreIdentity, sealedRoot: Uint8Array): void {
  const unfinished = `${path}.${randomUUID()}.new`
  try {
    refuseRemains(path)
    closeSync(openSync(unfinished, 'wx', 0o600))
    fill(unfinished, identity, sealedRoot)
    giveName(unfinished, path)
  } catch (error) {
    throw openFailure(error, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** A log or mark without its database: whoever took the database away must bring it back. */
function refuseRemains(path: string): void {
  const missing = `The store file ${basename(path)} is missing`
  if (existsSync(`${path}-wal`)) throw new HsmError('store-damaged', `${missing}, but its log is there`)
  if (existsSync(markPath(path))) throw new HsmError('store-damaged', `${missing}, but its mark is there`)
}

function fill(path: string, identity: StoreIdentity, sealedRoot: Uint8Array): void {
  using database = new DatabaseSync(path)
  for (const statement of [LOCK, ...SETTINGS, 'BEGIN', ...SCHEMA]) database.exec(statement)
  const put = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)')
  for (const [name, value] of Object.entries(identity)) put.run(name, value)
  database.prepare('INSERT INTO root (id, sealed) VALUES (0, ?)').run(sealedRoot)
  database.exec(`${SET_LAYOUT}; COMMIT`)
}

const SET_LAYOUT = `PRAGMA user_version = ${LAYOUT}`

/** From now on the root says that there is a mark; in the database itself, for its log may get lost. */
export function bringUpToDate(database: DatabaseSync, sealedRoot: Uint8Array): void {
  database.exec('BEGIN')
  database.prepare('UPDATE root SET sealed = ?').run(sealedRoot)
  database.exec(`${SET_LAYOUT}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`)
}

/** Whether its tables are those of the present layout. */
export const isUpToDate = (database: DatabaseSync): boolean => layoutOf(database) === LAYOUT

const layoutOf = (database: DatabaseSync): unknown => pragmaOf(database, 'user_version')

/** Durably; when another process was faster, the store is the other's. */
function giveName(unfinished: string, path: string): void {
  try {
    linkSync(unfinished, path)
  } catch (error) {
    if (!existsSync(path)) throw error
  }
  syncDirectory(dirname(path))
}

/**
 * What `read` finds in an existing store, which is left as it is: SQLite would otherwise bring what can be read of a
 * damaged log into the database, over newer pages.
 *
 * @throws HsmError as `openDatabase` does, and what `read` throws
 */
export function examine<T>(path: string, read: (database: DatabaseSync) => T): T {
  try {
    makePrivate(dirname(path), 0o700)
    makePrivate(path, 0o600)
    using database = new DatabaseSync(path, { readOnly: true })
    checkFormat(database, basename(path))
    return read(database)
  } catch (error) {
    throw openFailure(error, path)
  } finally {
    // The index of the log: whoever reads only cannot keep it in memory.
    rmSync(`${path}-shm`, { force: true })
  }
}

/**
 * Opens and checks an existing store, for this process alone.
 *
 * @throws HsmError `store-failure` when another process has it open, `store-damaged` when it is not a sound store of
 *   this format
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path)
    try {
      database.exec(LOCK)
      checkFormat(database, basename(path))
      for (const setting of SETTINGS) database.exec(setting)
      checkPages(database, path)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw openFailure(error, path)
  }
}

/** SQLite gives the log the mode of the database. */
function makePrivate(path: string, mode: number): void {
  if ((statSync(path).mode & 0o777) !== mode) chmodSync(path, mode)
}

function checkFormat(database: DatabaseSync, file: string): void {
  const layout = layoutOf(database)
  const schema = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').all()
  if (schema.length === 0) throw new HsmError('store-damaged', `The store file ${file} is empty`)
  if (!READABLE.includes(layout)) {
    throw new HsmError(
      'store-damaged',
      `The store file ${file} has layout ${layout}, and this version of Strongroom reads layouts up to ${LAYOUT}; start it with the version that it is of`,
    )
  }
  if (schema.map(({ sql }) => sql).join() !== SCHEMA.join()) {
    throw new HsmError(
      'store-damaged',
      `The store file ${file} is damaged: its tables are not those of a store`,
    )
  }
}

/** @throws HsmError `store-damaged` */
export function checkIntegrity(database: DatabaseSync, path: string): void {
  if (pragmaOf(database, 'integrity_check') !== 'ok') throw damaged(path)
}

/** SQLite reads a page that was cut off as if zeros followed; the size of the file tells. */
function checkPages(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const bytes = Number(pragmaOf(database, 'page_count')) * Number(pragmaOf(database, 'page_size'))
  if (statSync(path).size !== bytes) throw damaged(path)
}

const pragmaOf = (database: DatabaseSync, pragma: string): unknown =>
  database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]

const damaged = (path: string): HsmError =>
  new HsmError('store-damaged', `The store file ${basename(path)} is damaged`)

/** @throws HsmError `store-damaged` when the store does not say what it is */
export function readIdentity(database: DatabaseSync): StoreIdentity {
  const rows = database.prepare('SELECT name, value FROM meta').all()
  const meta = new Map(rows.map(({ name, value }) => [name, value]))
  const clusterId = meta.get('clusterId')
  const masterKeyCheck = meta.get('masterKeyCheck')
  if (typeof clusterId === 'string' && typeof masterKeyCheck === 'string')
    return { clusterId, masterKeyCheck }
  throw new HsmError('store-damaged', 'The store is damaged: it does not say which cluster it belongs to')
}
