/** The store of one process over the model of etcd: what the real one promises, with the least code. */
import { createCatalog } from '../../../src/catalog/memory-catalog.ts'
import type {
  Coordination,
  Member,
  MemberChange,
  MemberKey,
  ReplicaState,
  Turns,
} from '../../../src/cluster/coordination.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { type RecordKey, recordKey, type Write } from '../../../src/model/records.ts'
import type { Change, Store } from '../../../src/store/store.ts'
import type { EtcdModel, LogEntry } from './etcd-model.ts'
import type { Network } from './network.ts'
import type { Process } from './process.ts'

export interface SimStore extends Pick<Store, 'catalog' | 'transact' | 'subscribe'>, Coordination {
  load(): Promise<void>
  /** The watch has been broken and is being made anew. */
  reconnect(): void
  /** The watch is cut off. */
  disconnect(): void
  /** True time before which the watch delivers nothing. */
  lagUntil: number
  close(): void
}

const keyOf = (write: Write): RecordKey => ('put' in write ? recordKey(write.put) : write.delete)

const CALL_MS = 1500
const NO_ANSWER = () => new HsmError('store-failure', 'etcd does not answer')

type Needs = {
  readonly process: Process
  readonly etcd: EtcdModel
  readonly network: Network
  readonly now: () => number
}

export function createSimStore({ process, etcd, network, now }: Needs): SimStore {
  const catalog = createCatalog()
  const members = new Map<MemberKey, Member>()
  const listeners = new Set<(changes: readonly Change[]) => void>()
  const memberListeners = new Set<(change: MemberChange) => void>()
  const replicaListeners = new Set<(replica: ReplicaState) => void>()
  const waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>()
  let replica: ReplicaState = { state: 'behind', since: 0 }
  let applied = 0
  let base = 0
  /** Of the watch; what an older one still delivers is not taken. */
  let connection = 0
  let lastArrival = 0
  let loading = false
  let turns: Turns | undefined

  function call<R>(question: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      const cancel = process.after(CALL_MS, () => reject(NO_ANSWER()))
      network.ask(process, question, (answer) => {
        cancel()
        resolve(answer)
      })
    })
  }

  function commit(revision: number, writes: readonly Write[]): void {
    base = revision
    const changes = writes.map((write): Change => {
      const key = keyOf(write)
      return { revision, key, before: catalog.apply(write), after: 'put' in write ? write.put : undefined }
    })
    if (changes.length > 0) for (const listener of listeners) listener(changes)
  }

  function reached(revision: number, changed: readonly MemberChange[]): void {
    for (const change of changed) {
      if (change.member) members.set(change.key, change.member)
      else members.delete(change.key)
      for (const listener of memberListeners) listener(change)
    }
    applied = revision
    for (const one of waiting) {
      if (one.revision > applied) continue
      waiting.delete(one)
      one.resolve()
    }
  }

  function follow(entry: LogEntry): void {
    if (network.cut) return
    const mine = connection
    lastArrival = Math.max(lastArrival, now() + network.delay(), store.lagUntil)
    process.arrives(lastArrival, () => {
      if (mine !== connection || entry.revision !== applied + 1) return
      if (entry.writes) commit(entry.revision, entry.writes)
      reached(entry.revision, entry.members)
    })
  }

  function stand(next: ReplicaState): void {
    if (replica.state === next.state) return
    replica = next
    for (const listener of replicaListeners) listener(next)
  }

  const snapshot = () => ({
    revision: etcd.revision(),
    newest: etcd.newestCommit(),
    records: [
      ...new Map(
        etcd.log.flatMap(({ writes }) => writes ?? []).map((write) => [keyOf(write), write]),
      ).values(),
    ],
    members: etcd.members(''),
  })

  /** What is different now, as one change of the newest commit; what came and went meanwhile is not seen. */
  function reload({ revision, newest, records, members: present }: ReturnType<typeof snapshot>): void {
    const gone = [...members.keys()].filter((key) => !present.some((member) => member.key === key))
    const changed = present.filter((member) => members.get(member.key)?.revision !== member.revision)
    const writes = records.filter(
      (write) => catalog.get(keyOf(write)) !== ('put' in write ? write.put : undefined),
    )
    if (newest !== base) commit(newest, writes)
    reached(revision, [
      ...gone.map((key) => ({ key, revision, member: undefined })),
      ...changed.map((member) => ({ key: member.key, revision: member.revision, member })),
    ])
  }

  function connect(): void {
    connection += 1
    lastArrival = now()
    for (const entry of etcd.log.slice(applied)) follow(entry)
    stand({ state: 'following' })
  }

  async function load(): Promise<void> {
    loading = true
    etcd.unwatch(follow)
    while (loading) {
      const mine = connection
      const answer = await call(snapshot).catch(() => undefined)
      if (!answer || mine !== connection) continue
      reload(answer)
      loading = false
    }
    connect()
    etcd.watch(follow)
  }

  const store: SimStore = {
    catalog,
    lagUntil: 0,
    load,
    disconnect() {
      connection += 1
      stand({ state: 'behind', since: process.clock() })
    },
    reconnect() {
      connection += 1
      if (loading) return
      if (etcd.compactedTo() > applied) void load()
      else connect()
    },
    close() {
      etcd.unwatch(follow)
    },
    async transact(body) {
      for (let attempt = 0; attempt < 20; attempt++) {
        turns?.wish(base)
        await turns?.mine()
        const { result, writes } = body(catalog)
        const known = base
        const revision = await call(() => etcd.commit(known, writes))
        if (revision !== undefined) {
          await store.appliedAtLeast(revision)
          return { result, revision }
        }
        await store.appliedAtLeast(applied + 1)
      }
      throw new HsmError('busy')
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async grantLease(ttlSeconds) {
      const sentAt = process.clock()
      return { lease: await call(() => etcd.grantLease(ttlSeconds)), sentAt, ttlSeconds }
    },
    async keepAlive(lease) {
      const sentAt = process.clock()
      return (await call(() => etcd.keepAlive(lease))) ? { sentAt, ttlSeconds: 0 } : undefined
    },
    revokeLease: (lease) => call(() => etcd.revokeLease(lease)),
    put: (key, value, lease, expected) => call(() => etcd.put(key, value, lease, expected)),
    delete: (key, expected) => call(() => etcd.remove(key, expected)),
    readMembers: (prefix) => call(() => ({ members: etcd.members(prefix), revision: etcd.revision() })),
    knownMembers: (prefix) => [...members.values()].filter(({ key }) => key.startsWith(prefix)),
    subscribeMembers(listener) {
      memberListeners.add(listener)
      return () => memberListeners.delete(listener)
    },
    appliedRevision: () => applied,
    appliedAtLeast: (revision) =>
      revision <= applied
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.add({ revision, resolve })
          }),
    commitNumber: () => base,
    takeTurns(taken) {
      turns = taken
    },
    newestCommit: () => call(() => etcd.newestCommit()),
    replicaState: () => replica,
    subscribeReplicaState(listener) {
      replicaListeners.add(listener)
      return () => replicaListeners.delete(listener)
    },
  }
  return store
}
