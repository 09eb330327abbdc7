/** What keys take in etcd and in the memory of a node, and what a node needs to load them. */
import { connect } from '../src/client/connect.ts'
import { createSealer, masterKeyCheck } from '../src/crypto/seal.ts'
import { withMasterKey } from '../src/home/master-key.ts'
import { readRunning } from '../src/home/running.ts'
import type { Write } from '../src/model/records.ts'
import { type EtcdStore, etcdStore } from '../src/store/etcd/etcd-store.ts'
import { CLUSTER_ID, type NodeCluster, startNodes } from '../test/cluster/faults/nodes.ts'
import { compact } from '../test/support/etcd.ts'
import { untilElsewhere } from '../test/support/until.ts'
import { median } from './measure.ts'
import { fill, memoryMb, processorSeconds, RSA_2048, type Start } from './scale.ts'

/** Of one start, when the node serves. */
type Started = {
  readonly ms: number
  readonly processorSeconds: number
  readonly memoryMb: number
}

export type Size = Omit<Start, 'max'> & {
  readonly processorSeconds: number
  /** Of the file of a member of etcd after compaction, for each key. */
  readonly bytesPerKey: number
}

/** With the most keys. */
export type Afterwards = {
  readonly keys: number
  /** A start of a node that was stopped for ten commits. */
  readonly away: Started
  /** All material in memory: processor time and memory when the node serves, and when it has read everything. */
  readonly all: Started & { readonly whole: Started }
}

/** Fits into one transaction of etcd. */
const AT_ONCE = 100
const ROUNDS = 3
const COMMITS = 10

/** @param counts of RSA-2048 keys, ascending */
export async function scale(counts: readonly number[]): Promise<{
  readonly sizes: readonly Size[]
  readonly afterwards: Afterwards
}> {
  const cluster = await startNodes({ links: false, clocks: false })
  try {
    const empty = await compact(cluster.etcd)
    const sizes: Size[] = [{ keys: 0, ...(await starts(cluster)), bytesPerKey: Number.NaN }]
    for (const node of cluster.nodes) await node.stop()
    for (const keys of counts) {
      await committed(cluster, (store) =>
        fill(store, keys, { from: sizes.at(-1)?.keys ?? 0, material: RSA_2048, atOnce: AT_ONCE }),
      )
      const bytesPerKey = ((await compact(cluster.etcd)) - empty) / keys
      sizes.push({ keys, ...(await starts(cluster)), bytesPerKey })
    }
    return { sizes, afterwards: await afterwards(cluster, counts.at(-1) ?? 0) }
  } finally {
    await cluster.stop()
  }
}

/** The first stop comes right after the keys; what a node keeps for its next start is there from the second on. */
async function starts(cluster: NodeCluster): Promise<Omit<Size, 'keys' | 'bytesPerKey'>> {
  const found: Started[] = []
  for (let round = -1; round < ROUNDS; round++) {
    const started = await start(cluster)
    if (round >= 0) found.push(started)
  }
  const of = (name: keyof Started) => median(found.map((started) => started[name]))
  return { median: of('ms'), processorSeconds: of('processorSeconds'), memoryMb: of('memoryMb') }
}

async function start({ nodes: [, , node] }: NodeCluster): Promise<Started> {
  await node.stop()
  const begun = performance.now()
  await node.start()
  return look(readRunning(node.home)?.pid, begun)
}

const look = (pid: number | undefined, begun: number): Started => ({
  ms: performance.now() - begun,
  processorSeconds: processorSeconds(pid),
  memoryMb: memoryMb(pid),
})

async function afterwards(cluster: NodeCluster, keys: number): Promise<Afterwards> {
  const [, , node] = cluster.nodes
  await node.stop()
  await committed(cluster, async (store) => {
    for (let commit = 0; commit < COMMITS; commit++) await store.transact((view) => writing(view.cluster()))
  })
  const away = await start(cluster)
  await node.stop()
  await committed(cluster, (store) =>
    store.transact((view) => {
      const standing = view.cluster()
      return writing(standing && { ...standing, materialInMemory: 'all' })
    }),
  )
  const begun = performance.now()
  const all = await start(cluster)
  const hsm = connect({ servers: [node.address], trust: { ca: cluster.ca() } })
  try {
    await untilElsewhere(
      'all is in memory',
      async () => (await hsm.call('cluster.status', {})).material?.keys === keys,
    )
  } finally {
    hsm.close()
  }
  return { keys, away, all: { ...all, whole: look(readRunning(node.home)?.pid, begun) } }
}

const writing = (record: Extract<Write, { put: unknown }>['put'] | undefined) => ({
  writes: record ? [{ put: record }] : [],
  audit: [],
  result: undefined,
})

/** As a node that is nowhere registered. */
async function committed(cluster: NodeCluster, work: (store: EtcdStore) => Promise<unknown>): Promise<void> {
  const store = await openStore(cluster)
  await work(store)
  await store.close()
}

const openStore = ({ etcd: { endpoints }, nodes: [{ home }] }: NodeCluster): Promise<EtcdStore> =>
  withMasterKey(home.masterKey, undefined, (key) =>
    etcdStore({
      endpoints,
      clusterId: CLUSTER_ID,
      masterKeyCheck: masterKeyCheck(key),
      sealer: createSealer(key, 'records', CLUSTER_ID),
      found: false,
      now: () => performance.now(),
    }),
  )
