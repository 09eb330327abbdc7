/** Writing to the database: one transaction for each group of commits, marked before the group is answered. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AuditEntry } from '../../model/audit.ts'
import { formatOf } from '../../model/formats.ts'
import type { CommitFailure, Group } from '../group-commit.ts'
import type { MarkFile } from '../mark.ts'
import { sealRoot } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import { openEntry, sealEntry, sealRecord } from '../sealing.ts'
import type { Change } from '../store.ts'
import { accessFailure, commitFailure, notKnown } from './failures.ts'
import type { Loaded } from './load.ts'

export interface Medium {
  commit(group: Group): CommitFailure | undefined
  entry(hsm: string, sequence: number): AuditEntry | undefined
  /** Brings the log into the database, when there is something in it. */
  checkpoint(): CommitFailure | undefined
}

const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  putRecord: `INSERT INTO record (key, revision, sealed) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed`,
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
  let logged = false

  function write(group: Group, changes: readonly Change[]): void {
    const format = formatOf(catalog.cluster())
    sql.begin.run()
    for (const { key, after, revision } of changes) {
      if (after) sql.putRecord.run(key, revision, sealRecord(sealer, after, revision, format))
      else sql.deleteRecord.run(key)
    }
    for (const entry of group.audit) sql.putEntry.run(entry.hsm, entry.sequence, sealEntry(sealer, entry))
    sql.putRoot.run(sealRoot(sealer, { ...records.root(group.revision), marked: true }))
  }

  function transaction(group: Group, changes: readonly Change[]): CommitFailure | undefined {
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
      const changes = newestOfEach(group.changes)
      const replaced = changes.map(({ key, after, revision }) => ({
        key,
        revision: records.replace(key, after && revision),
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
const newestOfEach = (changes: readonly Change[]): readonly Change[] => [
  ...new Map(changes.map((change) => [change.key, change])).values(),
]

function read<T>(query: () => T): T {
  try {
    return query()
  } catch (error) {
    throw accessFailure(error)
  }
}
