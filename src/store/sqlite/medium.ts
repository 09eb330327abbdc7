/** Writing to the database: one transaction for each group of commits, marked before the group is answered. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { HsmError } from '../../contract/errors.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { formatOf } from '../../model/formats.ts'
import type { RecordKey, WholeKey, WholeRecord } from '../../model/records.ts'
import { type KeyedChange, merged, whole } from '../bodies.ts'
import type { CommitFailure, Group } from '../group-commit.ts'
import type { MarkFile } from '../mark.ts'
import { type RecordSet, sealRoot } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import { openEntry, openRecord, sealEntry, sealRecord } from '../sealing.ts'
import type { Change } from '../store.ts'
import { accessFailure, commitFailure, notKnown } from './failures.ts'
import type { Loaded } from './load.ts'

export interface Medium {
  commit(group: Group): CommitFailure | undefined
  entry(hsm: string, sequence: number): AuditEntry | undefined
  /** Of the key's record as it stands. @throws HsmError `store-damaged`; `revoked` when there is none */
  material(key: RecordKey): string
  /** Opens the record as it stands, if it does. @throws HsmError `store-damaged` when it is not what was written */
  check(key: string): void
  /** Brings the log into the database, when there is something in it. */
  checkpoint(): CommitFailure | undefined
}

const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  putRecord: `INSERT INTO record (key, revision, sealed) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed`,
  getRecord: 'SELECT sealed FROM record WHERE key = ? AND revision = ?',
  deleteRecord: 'DELETE FROM record WHERE key = ?',
  putRoot: 'UPDATE root SET sealed = ?',
  /** Whatever stands at a place that the log has not reached yet is none of ours. */
  putEntry: 'INSERT OR REPLACE INTO audit (hsm, sequence, sealed) VALUES (?, ?, ?)',
  getEntry: 'SELECT sealed FROM audit WHERE hsm = ? AND sequence = ?',
  checkpoint: 'PRAGMA wal_checkpoint(PASSIVE)',
} as const

/**
 * @param catalog has the changes of a group when that is committed
 * @param records what the database holds; kept in step with it
 */
export function createMedium(
  database: DatabaseSync,
  sealer: Sealer,
  { catalog, records }: Pick<Loaded, 'catalog' | 'records'>,
  mark: MarkFile,
): Medium {
  const sql = prepareAll(database)
  const reading = createReading(sql, sealer, records)
  let logged = false

  function write(group: Group, changes: readonly WholeChange[]): void {
    const format = formatOf(catalog.cluster())
    sql.begin.run()
    for (const { key, record, revision } of changes) {
      if (record) sql.putRecord.run(key, revision, sealRecord(sealer, record, revision, format))
      else sql.deleteRecord.run(key)
    }
    for (const entry of group.audit) sql.putEntry.run(entry.hsm, entry.sequence, sealEntry(sealer, entry))
    sql.putRoot.run(sealRoot(sealer, { ...records.root(group.revision), marked: true }))
  }

  function transaction(group: Group, changes: readonly WholeChange[]): CommitFailure | undefined {
    try {
      write(group, changes)
    } catch (error) {
      return { error: accessFailure(error), fatal: !rollBack() }
    }
    try {
      sql.commit.run()
    } catch (error) {
      const failure = commitFailure(error)
      return rollBack() ? failure : { ...failure, fatal: true }
    }
    return witness(group)
  }

  /** What is committed and not marked might get lost unnoticed, so it is not answered. */
  function witness({ revision }: Group): CommitFailure | undefined {
    try {
      mark.write(records.root(revision))
      return undefined
    } catch (error) {
      return { error: notKnown(error), fatal: true }
    }
  }

  /** Some errors of SQLite have ended the transaction already. */
  function rollBack(): boolean {
    try {
      if (database.isTransaction) sql.rollback.run()
      return true
    } catch {
      return false
    }
  }

  return {
    commit(group) {
      const changes = allAsWritten(group, reading.material)
      if ('error' in changes) return changes
      const replaced = changes.map(({ key, record, revision }) => ({
        key,
        revision: records.replace(key, record && revision),
      }))
      const failure = transaction(group, changes)
      if (failure) for (const { key, revision } of replaced) records.replace(key, revision)
      logged = true
      return failure
    },
    entry(hsm, sequence) {
      const sealed = read(() => sql.getEntry.get(hsm, sequence))?.['sealed']
      return sealed instanceof Uint8Array ? openEntry(sealer, hsm, sequence, sealed) : undefined
    },
    ...reading,
    checkpoint() {
      if (!logged) return undefined
      logged = false
      try {
        sql.checkpoint.get()
        return undefined
      } catch (error) {
        logged = true
        return commitFailure(error)
      }
    },
  }
}

type Statements = Readonly<Record<keyof typeof STATEMENTS, StatementSync>>

const prepareAll = (database: DatabaseSync): Statements =>
  Object.fromEntries(
    Object.entries(STATEMENTS).map(([name, text]) => [name, database.prepare(text)]),
  ) as Statements

/** A record that the commits of a group changed several times is written once. */
type WholeChange = Pick<Change, 'key' | 'revision'> & { readonly record: WholeRecord | undefined }

function asWritten(change: KeyedChange, material: (key: RecordKey) => string): WholeChange {
  const { key, revision } = change
  return { key, revision, record: whole(change, () => material(key)) }
}

function allAsWritten({ changes }: Group, material: (key: RecordKey) => string) {
  try {
    return merged(changes).map((change) => asWritten(change, material))
  } catch (error) {
    return { error: accessFailure(error), fatal: false }
  }
}

/** Reads records as they stand. */
function createReading(
  sql: Pick<Statements, 'getRecord'>,
  sealer: Sealer,
  { revisions }: RecordSet,
): Pick<Medium, 'material' | 'check'> {
  function opened(key: string, revision: number): WholeRecord {
    const sealed = read(() => sql.getRecord.get(key, revision))?.['sealed']
    if (sealed instanceof Uint8Array) return openRecord(sealer, key, revision, sealed)
    throw new HsmError('store-damaged', `Record ${key} is missing, or not as it was written`)
  }
  return {
    material(key) {
      const revision = revisions.get(key)
      if (revision === undefined) throw new HsmError('revoked')
      return (opened(key, revision) as WholeKey).material
    },
    check(key) {
      const revision = revisions.get(key)
      if (revision !== undefined) opened(key, revision)
    },
  }
}

function read<T>(query: () => T): T {
  try {
    return query()
  } catch (error) {
    throw accessFailure(error)
  }
}
