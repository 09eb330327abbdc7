import type { CatalogView } from '../catalog/catalog.ts'
import type { HsmError } from '../contract/errors.ts'
import type { AuditEntry } from '../model/audit.ts'
import type { RecordKey, StoredRecord, Write } from '../model/records.ts'

/** What the body of a transaction concludes. Writes and audit entries are committed together or not at all. */
export type Outcome<R> = {
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
    body: (view: CatalogView) => Outcome<R>,
  ): Promise<{ readonly result: R; readonly revision: number }>

  /**
   * Calls `listener` with the changes of every commit, in order, before its `transact` resolves and in the
   * same synchronous stretch of code in which the catalog changes. Listeners must not throw.
   *
   * @returns a function that ends the subscription
   */
  subscribe(listener: (changes: readonly Change[]) => void): () => void

  /**
   * Entries of one HSM's audit log from `first` (0 is the oldest), at most `count`, in order. How long the log is
   * says the record `audit-head/<hsm>`, which is written in the same commit as the entry.
   * @throws HsmError `store-damaged` naming the entry that is missing or cannot be opened
   */
  audit(hsm: string, first: number, count: number): Promise<readonly AuditEntry[]>

  /** Waits for what is under way, then lets go of the files. Further calls fail. */
  close(): Promise<void>
}

/** Keys that nodes tell each other about themselves under; each is bound to its node's lease and goes with it. */
export type MemberKey = `node/${string}` | `ack/${string}`

/** A lease of etcd, as decimal digits. */
export type LeaseId = string

/** What stands under a member key. */
export type Member = {
  readonly key: MemberKey
  /** As it was given to `put`; nobody without the master key can read, make or move it. */
  readonly value: string
  /** Of the write that put it there. */
  readonly revision: number
  readonly lease: LeaseId
}

/** One change of a member key: `member` is undefined when it is gone, by expiry, revocation or deletion alike. */
export type MemberChange = {
  readonly key: MemberKey
  readonly revision: number
  readonly member: Member | undefined
}

/** `sentAt`: when the request that succeeded was sent, on the clock that the store was given. */
export type LeaseRenewal = { readonly sentAt: number; readonly ttlSeconds: number }

/**
 * Whether the replica follows the commits. `behind`: the watch is cut off, or state is being loaded anew; `since` is
 * on the clock that the store was given. `failed`: for good; every call is refused until the process starts again.
 */
export type Standing =
  | { readonly state: 'following' }
  | { readonly state: 'behind'; readonly since: number }
  | { readonly state: 'failed'; readonly error: HsmError }

/**
 * What the nodes of a cluster need from the engine they share, besides the records. All reads are linearizable. Each
 * call tries all endpoints in turn, for a few seconds at most.
 *
 * Everything throws HsmError `store-failure` when etcd did not answer in time (whether a write took place is then not
 * known, and asking again is safe), and the error of a store that has failed or is closed.
 */
export interface Coordination {
  /** etcd may grant more seconds than were asked for, never fewer. */
  grantLease(ttlSeconds: number): Promise<LeaseRenewal & { readonly lease: LeaseId }>
  /** @returns undefined when the lease is gone; tries for a second at most */
  keepAlive(lease: LeaseId): Promise<LeaseRenewal | undefined>
  /** The member keys under the lease are gone when this resolves. A lease that is gone already is none to complain of. */
  revokeLease(lease: LeaseId): Promise<void>

  /**
   * @param expected the revision that the key must stand at, 0 when it must not exist; left out, anything
   * @returns the revision of the write; undefined when the key is not as expected or the lease is gone
   */
  put(key: MemberKey, value: string, lease: LeaseId, expected?: number): Promise<number | undefined>
  /** @returns false when the key is not at the revision `expected` */
  delete(key: MemberKey, expected: number): Promise<boolean>

  /** All member keys that begin so, as they stand now, and the revision of the store at which they do. */
  readMembers(
    prefix: 'node/' | 'ack/',
  ): Promise<{ readonly members: readonly Member[]; readonly revision: number }>
  /** The same from the replica, at the applied revision: may be old, costs nothing. */
  knownMembers(prefix: 'node/' | 'ack/'): readonly Member[]
  /** Changes of member keys, in the order of their revisions, each when all commits before it are applied. */
  subscribeMembers(listener: (change: MemberChange) => void): () => void

  /**
   * The newest revision whose changes, of records and members, the replica has. Every commit and every member change
   * up to it has been told to the subscribers.
   */
  appliedRevision(): number
  /** Resolves when the replica has reached a revision that a write of this cluster stands at. Waits as long as it takes. */
  appliedAtLeast(revision: number): Promise<void>
  /** The revision of the newest commit, read now. A replica that has applied it has every commit confirmed before the call. */
  newestCommit(): Promise<number>

  standing(): Standing
  /** Told when `standing` has changed, in the same synchronous stretch of code. */
  subscribeStanding(listener: (standing: Standing) => void): () => void
}
