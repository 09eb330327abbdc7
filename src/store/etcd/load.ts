/** Reads the whole state of a cluster from etcd at one revision, and verifies all of it. */
import type { Catalog } from '../../catalog/catalog.ts'
import { createCatalog } from '../../catalog/memory-catalog.ts'
import type { Member } from '../../cluster/coordination.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import { apart } from '../../model/records.ts'
import { createRecordSet, type RecordSet, type Root, refuseSurplus } from '../record-set.ts'
import type { Written } from '../snapshot/read.ts'
import type { EtcdClient } from './client.ts'
import type { Keyspace } from './keyspace.ts'
import { checkLayout } from './layout.ts'
import { toMember } from './member-table.ts'
import { type Reading, rangeOf, revisionOf } from './requests.ts'
import { type KeyValue, KV, type RangeResponse } from './rpc_pb.ts'
import { readRecord, readRoot, refuseOtherMasterKey } from './values.ts'

/** The root as it stands in etcd, and the revision of etcd that wrote it. */
export type CommittedRoot = { readonly root: Root; readonly revision: number; readonly value: Uint8Array }

/** All of a cluster's state at one revision of etcd, opened and proven to be whole. */
export type Loaded = {
  readonly revision: number
  /** Whether the store says which layout it has. */
  readonly hasLayout: boolean
  readonly catalog: Catalog
  readonly records: RecordSet
  readonly root: CommittedRoot
  readonly members: readonly Member[]
  /** The snapshot that the records were taken from. */
  readonly written?: Written | undefined
}

/**
 * Of some megabytes, and within the length of an answer (`channels.ts`) when all are certificates of the largest size. etcd 3.4
 * counts the whole range again for every page.
 */
const PAGE_RECORDS = 1000
/** A revision is read for seconds at most and kept for minutes by any sane etcd. */
const ATTEMPTS = 5

/**
 * @returns undefined when there is no cluster
 * @throws HsmError `store-damaged` naming the record at fault, where it can be known; `store-failure`
 */
export async function load(keyspace: Keyspace): Promise<Loaded | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(keyspace)
    } catch (error) {
      if (error !== COMPACTED || attempt === ATTEMPTS) throw error
    }
  }
}

const COMPACTED = new HsmError('store-failure', 'etcd does not keep its revisions long enough to be read')

async function readOnce(keyspace: Keyspace): Promise<Loaded | undefined> {
  const { client, keys, sealer, masterKeyCheck } = keyspace
  const first = await range(client, { key: keys.root })
  const revision = revisionOf(first)
  const found = first.kvs[0]
  if (!found) {
    await refuseOrphans(keyspace, revision)
    return undefined
  }
  refuseOtherMasterKey(masterKeyCheck, found.value)
  // What a root is, is part of the layout.
  const hasLayout = await checkLayout(keyspace)
  const root = {
    root: readRoot(sealer, masterKeyCheck, found.value),
    revision: Number(found.modRevision),
    value: found.value,
  }
  const catalog = createCatalog()
  const records = createRecordSet(sealer)
  for await (const page of pages(client, rangeOf(keys.records, revision))) {
    for (const kv of page) take(keyspace, root.root, kv, catalog, records)
  }
  records.verify(root.root)
  return { revision, hasLayout, catalog, records, root, members: await readMembers(keyspace, revision) }
}

/** All members as they stood at a revision of etcd. */
export async function readMembers(
  { client, keys, sealer }: Keyspace,
  revision: number,
): Promise<readonly Member[]> {
  const ranges = [keys.members('node/'), keys.members('ack/')]
  const answers = await Promise.all(ranges.map((each) => range(client, rangeOf(each, revision))))
  return answers.flatMap(({ kvs }) => kvs.flatMap((kv) => toMember(keys, sealer, kv)))
}

function take(
  { keys, sealer }: Keyspace,
  root: Root,
  kv: KeyValue,
  catalog: Catalog,
  records: RecordSet,
): void {
  const parsed = keys.parse(kv.key)
  if (parsed.kind !== 'record') return
  const { commit, record } = readRecord(sealer, parsed.key, kv.value)
  if (commit > root.revision) {
    throw new HsmError(
      'store-damaged',
      `Record ${shown(parsed.key)} is newer than the root record, which was put back`,
    )
  }
  catalog.apply(apart(record))
  records.replace(parsed.key, commit)
  refuseSurplus(records, root)
}

async function refuseOrphans({ client, keys }: Keyspace, revision: number): Promise<void> {
  const { kvs } = await range(client, { ...rangeOf(keys.records, revision), limit: 1n })
  if (kvs.length > 0) throw new HsmError('store-damaged', 'The root record is missing')
}

async function* pages(client: EtcdClient, reading: Reading): AsyncGenerator<readonly KeyValue[]> {
  let from = reading.key
  for (;;) {
    const { kvs, more } = await range(client, {
      ...reading,
      key: from as Uint8Array,
      limit: BigInt(PAGE_RECORDS),
    })
    yield kvs
    const last = kvs.at(-1)
    if (!more || !last) return
    from = Buffer.concat([last.key, Buffer.of(0)])
  }
}

/** @throws HsmError `store-failure`, also when etcd does not have the revision (any more) */
export async function range(client: EtcdClient, reading: Reading): Promise<RangeResponse> {
  const answer = await client.ask(KV.method.range, reading)
  if ('value' in answer) return answer.value
  throw answer.failure.verdict === 'compacted' ? COMPACTED : answer.failure.error
}
