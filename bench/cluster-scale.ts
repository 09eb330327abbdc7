/** What keys take in etcd, and how long a node needs to load them. */
import { createSealer, masterKeyCheck } from '../src/crypto/seal.ts'
import { withMasterKey } from '../src/home/master-key.ts'
import { readRunning } from '../src/home/running.ts'
import { type EtcdStore, etcdStore } from '../src/store/etcd/etcd-store.ts'
import { CLUSTER_ID, type NodeCluster, startNodes } from '../test/cluster/faults/nodes.ts'
import { compact } from '../test/support/etcd.ts'
import { median } from './measure.ts'
import { fill, memoryMb, RSA_2048, type Start } from './scale.ts'

export type Size = Omit<Start, 'max'> & {
  /** Of the file of a member of etcd after compaction, for each key. */
  readonly bytesPerKey: number
}

/** Fits into one transaction of etcd. */
const AT_ONCE = 100
const ROUNDS = 3

/** @param counts of RSA-2048 keys, ascending */
export async function scale(counts: readonly number[]): Promise<readonly Size[]> {
  const cluster = await startNodes({ links: false, clocks: false })
  try {
    const empty = await compact(cluster.etcd)
    const sizes: Size[] = [{ keys: 0, ...(await start(cluster)), bytesPerKey: Number.NaN }]
    for (const keys of counts) {
      const store = await openStore(cluster)
      await fill(store, keys, { from: sizes.at(-1)?.keys ?? 0, material: RSA_2048, atOnce: AT_ONCE })
      await store.close()
      const bytesPerKey = ((await compact(cluster.etcd)) - empty) / keys
      sizes.push({ keys, ...(await start(cluster)), bytesPerKey })
    }
    return sizes
  } finally {
    await cluster.stop()
  }
}

/** The first stop comes right after the keys; what a node keeps for its next start is there from the second on. */
async function start({ nodes: [, , node] }: NodeCluster): Promise<Pick<Size, 'median' | 'memoryMb'>> {
  const times: number[] = []
  for (let round = -1; round < ROUNDS; round++) {
    await node.stop()
    const begun = performance.now()
    await node.start()
    if (round >= 0) times.push(performance.now() - begun)
  }
  return { median: median(times), memoryMb: memoryMb(readRunning(node.home)?.pid) }
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
