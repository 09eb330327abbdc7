/**
 * The state of the cluster in this process. It moves from revision to revision of etcd, in order and whole, and only
 * as far as each is proven to be a commit of a node of the cluster; the first that is not ends it.
 */
import { HsmError } from '../../contract/errors.ts'
import type { RecordKey, Write } from '../../model/records.ts'
import { applyWrites, type KeyedChange } from '../bodies.ts'
import type { RecordSet } from '../record-set.ts'
import { createSubscribers } from '../subscribers.ts'
import { readCommit } from './commit-events.ts'
import type { Keyspace } from './keyspace.ts'
import type { CommittedRoot, Loaded } from './load.ts'
import { createMemberTable, type MemberTable } from './member-table.ts'
import type { Event } from './rpc_pb.ts'

/** `skipped`: what came between is not known, for the state was loaded anew. */
export type NextRoot = CommittedRoot & { readonly skipped: boolean }

export interface Replica {
  readonly catalog: Loaded['catalog']
  readonly records: () => RecordSet
  readonly members: MemberTable
  root(): CommittedRoot
  applied(): number
  appliedAtLeast(revision: number): Promise<void>
  /** The first root after the one that stands now. */
  nextRoot(): Promise<NextRoot>
  subscribe(listener: (changes: readonly KeyedChange[]) => void): () => void
  /** @throws HsmError `store-damaged`, having changed nothing */
  apply(revision: number, events: readonly Event[]): void
  /** Takes over a state loaded anew, as one change. @throws HsmError `store-damaged` when it is not a later one */
  reload(anew: Loaded | undefined): void
  /** Whoever waits, or comes to wait, is told that there is nothing more to come. */
  end(error: HsmError): void
}

type Waiting = {
  readonly revision: number
  readonly resolve: () => void
  readonly reject: (error: HsmError) => void
}
type Awaiting = { readonly resolve: (root: NextRoot) => void; readonly reject: (error: HsmError) => void }

/** What this node knows of etcd: the records, members and root of one revision, kept current by the watch. */
export function createReplica(keyspace: Omit<Keyspace, 'client'>, loaded: Loaded): Replica {
  const { catalog } = loaded
  const members = createMemberTable(keyspace.keys, keyspace.sealer, loaded.members)
  const subscribers = createSubscribers<readonly KeyedChange[]>()
  let { records, root, revision: applied } = loaded
  let waiting: Waiting[] = []
  const awaiting: Awaiting[] = []
  let ended: HsmError | undefined

  function reached(revision: number): void {
    applied = revision
    const ready = waiting.filter((each) => each.revision <= revision)
    waiting = waiting.filter((each) => each.revision > revision)
    for (const { resolve } of ready) resolve()
  }
  function commit(next: CommittedRoot, writes: readonly Write[], skipped: boolean): void {
    root = next
    const changes = applyWrites(catalog, writes, next.revision)
    if (changes.length > 0) subscribers.tell(changes)
    for (const { resolve } of awaiting.splice(0)) resolve({ ...next, skipped })
  }

  return {
    catalog,
    records: () => records,
    members,
    root: () => root,
    applied: () => applied,
    appliedAtLeast: (revision) =>
      new Promise((resolve, reject) => {
        if (ended) reject(ended)
        else if (revision <= applied) resolve()
        else waiting.push({ revision, resolve, reject })
      }),
    nextRoot: () =>
      new Promise((resolve, reject) => {
        if (ended) reject(ended)
        else awaiting.push({ resolve, reject })
      }),
    subscribe: subscribers.add,
    apply(revision, events) {
      const changed = members.changes(revision, events)
      const read = readCommit(keyspace, events, root.root, records)
      if (read) commit(read.root, read.writes, false)
      members.apply(changed)
      reached(revision)
    },
    reload(anew) {
      if (!anew) throw new HsmError('store-damaged', 'The root record is missing')
      if (anew.revision < applied || anew.root.root.revision < root.root.revision) throw wentBack()
      const writes = differences(records, anew)
      const changed = members.differences(anew.revision, anew.members)
      records = anew.records
      const moved = anew.root.revision !== root.revision
      const next = anew.root.root.revision === root.root.revision + 1
      if (moved) commit(anew.root, writes, !next)
      members.apply(changed)
      reached(anew.revision)
    },
    end(error) {
      ended = error
      for (const { reject } of [...waiting.splice(0), ...awaiting.splice(0)]) reject(error)
    },
  }
}

/** `store-damaged`. */
export const wentBack = (): HsmError =>
  new HsmError('store-damaged', 'The store in etcd went back to an older state')

/** What makes the state that stands into the new one. Each record was written by the commit that it stands at. */
function differences(records: RecordSet, anew: Loaded): readonly Write[] {
  const now = anew.records.revisions
  const gone = [...records.revisions.keys()].filter((key) => !now.has(key))
  const fresh = [...now].filter(([key, commit]) => records.revisions.get(key) !== commit)
  return [
    ...gone.map((key) => ({ delete: key as RecordKey })),
    ...fresh.flatMap(([key]) => {
      const record = anew.catalog.get(key as RecordKey)
      return record ? [{ put: record }] : []
    }),
  ]
}
