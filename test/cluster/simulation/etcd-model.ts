/** etcd as its clients may rely on it, and as unhelpful as it may be: late expiry, leases that live anew under a new leader. */

import type { LeaseId, Member, MemberChange, MemberKey } from '../../../src/cluster/coordination.ts'
import type { Write } from '../../../src/model/records.ts'
import type { Chance, VirtualTime } from './virtual-time.ts'

/** Everything that happened at one revision. */
export type LogEntry = {
  readonly revision: number
  /** Undefined when it was no commit. */
  readonly writes: readonly Write[] | undefined
  readonly members: readonly MemberChange[]
  /** True time. */
  readonly time: number
}

type Lease = { readonly ttlMs: number; generation: number }

export type EtcdModel = ReturnType<typeof createEtcdModel>

export function createEtcdModel(time: VirtualTime, chance: Chance) {
  const log: LogEntry[] = []
  const members = new Map<MemberKey, Member>()
  const leases = new Map<LeaseId, Lease>()
  const watchers = new Set<(entry: LogEntry) => void>()
  let newestCommit = 0
  let granted = 0
  let compactedTo = 0
  let downUntil = 0

  function append(
    writes: readonly Write[] | undefined,
    changes: readonly Omit<MemberChange, 'revision'>[],
  ): number {
    const revision = log.length + 1
    const entry = {
      revision,
      writes,
      members: changes.map((change) => ({ ...change, revision })),
      time: time.now(),
    }
    log.push(entry)
    if (writes) newestCommit = revision
    for (const watcher of watchers) watcher(entry)
    return revision
  }

  function end(id: LeaseId): void {
    if (!leases.delete(id)) return
    const bound = [...members.values()].filter(({ lease }) => lease === id)
    for (const { key } of bound) members.delete(key)
    if (bound.length > 0) {
      append(
        undefined,
        bound.map(({ key }) => ({ key, member: undefined })),
      )
    }
  }

  /** etcd's clocks are as wrong as anyone's, and it looks for leases that have run out only now and then. */
  function arm(id: LeaseId, lease: Lease): void {
    const generation = ++lease.generation
    const life = lease.ttlMs * chance.between(0.95, 1.05) + chance.between(0, 500)
    time.at(time.now() + life, () => {
      if (lease.generation === generation) end(id)
    })
  }

  return {
    log: log as readonly LogEntry[],
    answering: () => time.now() >= downUntil,
    watch: (watcher: (entry: LogEntry) => void) => watchers.add(watcher),
    unwatch: (watcher: (entry: LogEntry) => void) => watchers.delete(watcher),
    compactedTo: () => compactedTo,
    compact() {
      compactedTo = log.length
    },
    /** The leader is gone: nobody answers for a while, then all leases begin their lives anew. */
    changeLeader(forMs: number) {
      downUntil = time.now() + forMs
      for (const lease of leases.values()) lease.generation += 1
      time.at(downUntil, () => {
        for (const [id, lease] of leases) arm(id, lease)
      })
    },

    grantLease(ttlSeconds: number): LeaseId {
      const id = String(++granted)
      const lease = { ttlMs: ttlSeconds * 1000, generation: 0 }
      leases.set(id, lease)
      arm(id, lease)
      return id
    },
    keepAlive(id: LeaseId): boolean {
      const lease = leases.get(id)
      if (lease) arm(id, lease)
      return lease !== undefined
    },
    revokeLease: end,
    /** @param lease `0` for none */
    put(key: MemberKey, value: string, lease: LeaseId, expected?: number): number | undefined {
      if (lease !== '0' && !leases.has(lease)) return undefined
      if (expected !== undefined && (members.get(key)?.revision ?? 0) !== expected) return undefined
      const member: Member = { key, value, lease, revision: log.length + 1 }
      members.set(key, member)
      return append(undefined, [{ key, member }])
    },
    /** @param expected left out, anything */
    remove(key: MemberKey, expected?: number): boolean {
      const standing = members.get(key)
      if (!standing) return true
      if (expected !== undefined && standing.revision !== expected) return false
      members.delete(key)
      append(undefined, [{ key, member: undefined }])
      return true
    },
    leases: (): readonly LeaseId[] => [...leases.keys()],
    members: (prefix: string): readonly Member[] =>
      [...members.values()].filter(({ key }) => key.startsWith(prefix)),
    revision: () => log.length,
    newestCommit: () => newestCommit,
    /** @param base the newest commit that the writer knows; if there is a newer one nothing is written */
    commit: (base: number, writes: readonly Write[]): number | undefined =>
      base === newestCommit ? append(writes, []) : undefined,
  }
}
