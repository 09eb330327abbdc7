import type { CatalogView } from '../catalog/catalog.ts'
import type { AuditEntry } from '../model/audit.ts'
import type { RecordKey, StoredRecord, Write } from '../model/records.ts'

/** What the body of a transaction comes to. Writes and audit entries are committed together or not at all. */
export type Conclusion<R> = {
  readonly writes: readonly Write[]
  readonly audit: readonly AuditEntry[]
  readonly result: R
}

/** One record that a commit changed. */
export type Change = {
  /** Of the commit; grows with each commit that writes something. Commits made together may share one. */
  readonly revision: number
  readonly key: RecordKey
  readonly before: StoredRecord | undefined
  readonly after: StoredRecord | undefined
}

/**
 * Where the HSM keeps its state. Implemented by memory and SQLite for one process, by etcd for many; nothing above
 * the port knows which.
 */
export interface Store {
  /**
   * Returns as long as the catalog is what is stored, as far as is known.
   *
   * @throws HsmError `store-damaged` from when something was found that no HSM of the cluster has written; `store-failure` when
   *   the store is closed
   */
  check(): void

  /**
   * The replica of all records, always at the newest commit this process has applied. Reading it is
   * synchronous: what one synchronous stretch of code reads is one consistent state.
   */
  readonly catalog: CatalogView

  /**
   * Runs `body` on one consistent view and commits its writes atomically, and durably before the promise
   * resolves. `body` may run again if a record it read has changed meanwhile, so it must have no effects of its own; it
   * is synchronous, so whatever is slow is done before.
   *
   * @returns the body's result, and the revision at which its writes stand (the current one if it wrote nothing)
   * @throws what `body` throws, with nothing written; HsmError `store-failure` when the commit failed, with nothing
   *   changed, and from then on for every call if it cannot be known whether it did
   */
  transact<R>(
    body: (view: CatalogView) => Conclusion<R>,
  ): Promise<{ readonly result: R; readonly revision: number }>

  /**
   * Calls `listener` with the changes of every commit, in order, before its `transact` resolves and in the
   * same synchronous stretch of code in which the catalog changes. Subscribers must not throw.
   *
   * @returns a function that ends the subscription
   */
  subscribe(listener: (changes: readonly Change[]) => void): () => void

  /**
   * The material of a key that the catalog has, as its record is written: read from where the records are, and proven to be that of
   * the record as it stands in the catalog when this returns or resolves. Without a promise where reading needs no waiting, as right
   * after it was read.
   *
   * @returns base64, sealed by itself if the key is not public
   * @throws HsmError `store-damaged` when the record is missing or cannot be opened; `revoked` when the key is deleted;
   *   `store-failure` when the store cannot be read
   */
  material(key: RecordKey): string | Promise<string>

  /** Whether `material` answers at once, if only with a refusal. */
  hasMaterial(key: RecordKey): boolean

  /**
   * Entries of one HSM's audit log from `first` (0 is the oldest), at most `count`, in order. How long the log is
   * says the record `audit-head/<hsm>`, which is written in the same commit as the entry.
   * @throws HsmError `store-damaged` naming the entry that is missing or cannot be opened
   */
  audit(hsm: string, first: number, count: number): Promise<readonly AuditEntry[]>

  /** Waits for what is under way, then lets go of the files. Further calls fail. */
  close(): Promise<void>
}
