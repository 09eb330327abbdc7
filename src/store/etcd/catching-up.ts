/**
 * Beginning with a snapshot: what was committed since is brought to it by the watch, as to a replica that was cut off for a
 * while. So a start takes as long as there is to catch up on. Each commit is proven to be one of a node, and to lead from what
 * stood before to what stands after it; where that fails, or etcd keeps too little, everything is read.
 */
import { recordKey } from '../../model/records.ts'
import { openSnapshotFile, type SnapshotFile, unusable } from '../snapshot/file.ts'
import { readContents, type SnapshotOptions, tellUnused, tellUsed } from '../snapshot/read.ts'
import { readCommit } from './commit-events.ts'
import type { Keyspace } from './keyspace.ts'
import { checkLayout } from './layout.ts'
import { type CommittedRoot, type Loaded, range, readMembers } from './load.ts'
import { rangeOf, revisionOf } from './requests.ts'
import type { Event } from './rpc_pb.ts'
import { readRoot } from './values.ts'
import { createWatch } from './watch.ts'

/** Nothing comes for so long. */
const STALL_MS = 10_000
/** Commits to catch up on, beside as many as there are records: reading these is faster then. */
const FEW_COMMITS = 1000

/**
 * The newest state, from the snapshot on.
 *
 * @returns undefined when there is no snapshot, or the log has been told why it is of no use
 */
export async function loadFromSnapshot(
  keyspace: Keyspace,
  { place, log }: SnapshotOptions,
): Promise<Loaded | undefined> {
  try {
    using file = openSnapshotFile(place)
    if (!file) return undefined
    const loaded = await catchUp(keyspace, file)
    tellUsed(log, place.path, loaded.records.revisions.size, loaded.written?.changed.size ?? 0)
    return loaded
  } catch (error) {
    return tellUnused(log, place.path, error)
  }
}

async function catchUp(keyspace: Keyspace, file: SnapshotFile): Promise<Loaded> {
  const hasLayout = await checkLayout(keyspace)
  const way = await wayFrom(keyspace, file)
  const { catalog, records } = readContents(file, keyspace.sealer)
  const changed = new Set<string>()
  let root = way.from
  const take = (events: readonly Event[]) => {
    const commit = readCommit(keyspace, events, root.root, records)
    if (!commit) return
    root = commit.root
    for (const write of commit.writes) {
      catalog.apply(write)
      changed.add('put' in write ? recordKey(write.put) : write.delete)
    }
  }
  const revision = way.to > way.applied ? await follow(keyspace, way, take) : way.applied
  const members = await readMembers(keyspace, revision)
  return { revision, hasLayout, catalog, records, root, members, written: { tail: file.tail, changed } }
}

/** From one revision of etcd to another. */
type Way = { readonly applied: number; readonly from: CommittedRoot; readonly to: number }

/**
 * Where to begin, and where to go. The root must have stood in etcd as the snapshot has it: a state of etcd that was put back
 * and went another way since is told by that.
 */
async function wayFrom(keyspace: Keyspace, { tail }: SnapshotFile): Promise<Way> {
  const { root, etcd } = tail.ending
  if (!etcd) throw unusable('it is not of a store on etcd')
  const isThis = (other: CommittedRoot | undefined): other is CommittedRoot =>
    other?.revision === etcd.root &&
    other.root.revision === root.revision &&
    other.root.records === root.records &&
    other.root.digest === root.digest
  const newest = await rootAt(keyspace)
  if (!newest.root) throw unusable('there is no such store in etcd')
  const behind = newest.root.root.revision - root.revision
  if (behind < 0) throw unusable('it is newer than the store')
  if (behind > root.records + FEW_COMMITS) throw unusable('too much has changed since')
  const then = await rootAt(keyspace, etcd.applied).catch(() => undefined)
  if (isThis(then?.root)) return { applied: etcd.applied, from: then.root, to: newest.root.revision }
  if (then) throw unusable('the store in etcd has another history')
  if (!isThis(newest.root)) throw unusable('etcd does not keep what came after it any more')
  await checkCount(keyspace, newest.revision, root.records)
  return { applied: newest.revision, from: newest.root, to: newest.revision }
}

/** @param revision of etcd; left out, now */
async function rootAt({ client, keys, sealer, masterKeyCheck }: Keyspace, revision = 0) {
  const answer = await range(client, { key: keys.root, revision: BigInt(revision) })
  const found = answer.kvs[0]
  const root: CommittedRoot | undefined = found && {
    root: readRoot(sealer, masterKeyCheck, found.value),
    revision: Number(found.modRevision),
    value: found.value,
  }
  return { root, revision: revisionOf(answer) }
}

/** What happened since cannot be known; how many records there are can. */
async function checkCount({ client, keys }: Keyspace, revision: number, records: number): Promise<void> {
  const { count } = await range(client, { ...rangeOf(keys.records, revision), countOnly: true })
  if (Number(count) !== records) throw unusable('the store in etcd was changed by hand')
}

/** @returns the revision that was reached */
function follow(
  { client, keys }: Keyspace,
  { applied: from, to }: Way,
  take: (events: readonly Event[]) => void,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let applied = from
  const stalled = setTimeout(() => reject(unusable('etcd does not tell what came after it')), STALL_MS)
  const watch = createWatch(client, keys.everything, {
    applied: () => applied,
    onRevision(revision, events) {
      try {
        take(events)
      } catch (error) {
        return reject(error)
      }
      applied = revision
      stalled.refresh()
      if (applied >= to) resolve(applied)
    },
    onLive: () => undefined,
    onCut: () => undefined,
    onCompacted: () => reject(unusable('etcd does not keep what came after it any more')),
  })
  watch.start()
  return promise.finally(() => {
    clearTimeout(stalled)
    watch.stop()
  })
}
