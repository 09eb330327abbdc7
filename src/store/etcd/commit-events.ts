/** What the events of one revision say happened to the records, once it is proven that a commit of a node did it. */
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import { apart, type RecordKey, type Write } from '../../model/records.ts'
import type { RecordSet, Root } from '../record-set.ts'
import type { Sealer } from '../sealer.ts'
import type { Keys } from './keys.ts'
import type { CommittedRoot } from './load.ts'
import { type Event, Event_EventType } from './rpc_pb.ts'
import { readRecord, readRoot } from './values.ts'

type RecordEvent = { readonly key: string; readonly value: Uint8Array | undefined }

/** What one revision of etcd did, once it is proven: the root then, and every record it wrote or removed. */
export type Commit = { readonly root: CommittedRoot; readonly writes: readonly Write[] }

/** What it takes to open the events. */
export type CommitReader = {
  readonly keys: Keys
  readonly sealer: Sealer
  readonly masterKeyCheck: string
}

/**
 * Brings the set of records to what it is after the commit.
 *
 * @param newest the root before these events
 * @returns undefined when the events are about other things
 * @throws HsmError `store-damaged` when something was changed by another hand than a node's; the set is as it was
 */
export function readCommit(
  reader: CommitReader,
  events: readonly Event[],
  newest: Root,
  records: RecordSet,
): Commit | undefined {
  const { root, changed } = sort(reader.keys, events)
  if (!root && changed.length === 0) return undefined
  if (!root) throw byHand(`record ${shown(changed[0]?.key ?? '')} was changed`)
  if (root.type !== Event_EventType.PUT || !root.kv) throw byHand('the root record was deleted')
  const value = root.kv.value
  const next = readRoot(reader.sealer, reader.masterKeyCheck, value)
  if (next.revision !== newest.revision + 1) throw byHand('the root record was put back from an older copy')
  const read = changed.map((event) => readWrite(reader.sealer, event, next.revision))
  advance(records, read, next)
  return {
    root: { root: next, revision: Number(root.kv.modRevision), value },
    writes: read.map(({ write }) => write),
  }
}

function sort(keys: Keys, events: readonly Event[]) {
  let root: Event | undefined
  const changed: RecordEvent[] = []
  for (const event of events) {
    if (!event.kv) continue
    const parsed = keys.parse(event.kv.key)
    if (parsed.kind === 'root') root = event
    if (parsed.kind !== 'record') continue
    changed.push({ key: parsed.key, value: event.type === Event_EventType.PUT ? event.kv.value : undefined })
  }
  return { root, changed }
}

function readWrite(sealer: Sealer, { key, value }: RecordEvent, commit: number) {
  if (!value) return { key, commit: undefined, write: { delete: key as RecordKey } }
  const read = readRecord(sealer, key, value)
  if (read.commit !== commit) throw byHand(`record ${shown(key)} was put back from an older copy`)
  return { key, commit, write: apart(read.record) }
}

type Replacing = { readonly key: string; readonly commit: number | undefined }

function advance(records: RecordSet, replacing: readonly Replacing[], root: Root): void {
  const undo = replacing.map(({ key, commit }) => ({ key, commit: records.replace(key, commit) }))
  try {
    records.verify(root)
  } catch (error) {
    for (const { key, commit } of undo) records.replace(key, commit)
    throw error
  }
}

const byHand = (what: string): HsmError =>
  new HsmError('store-damaged', `The store in etcd was changed by hand: ${what}`)
