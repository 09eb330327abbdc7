/** What the nodes of a cluster tell each other, and what they need for it from the engine that they share. */
import type { HsmError } from '../contract/errors.ts'

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
export type ReplicaState =
  | { readonly state: 'following' }
  | { readonly state: 'behind'; readonly since: number }
  | { readonly state: 'failed'; readonly error: HsmError }

/** Whose turn it is to commit, among the nodes that want to at the same time. It is advice: see `turns.ts`. */
export interface Turns {
  /** This node wants to commit after the commit of this number. */
  wish(commit: number): void
  /** Resolves when it is the turn of this node, or when those before it do not take theirs; undefined when it is already. */
  mine(): Promise<void> | undefined
}

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

  /** The number of the newest commit that is applied; grows by one with each. */
  commitNumber(): number
  /** From now on this node takes turns with the others. */
  takeTurns(turns: Turns): void

  replicaState(): ReplicaState
  /** Told when `replicaState` has changed, in the same synchronous stretch of code. */
  subscribeReplicaState(listener: (replicaState: ReplicaState) => void): () => void
}
