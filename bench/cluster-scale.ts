/** What keys take in etcd, and how long a node needs to load them. */
import { readFileSync } from 'node:fs'
import { createSealer, masterKeyCheck } from '../src/crypto/seal.ts'
import { withMasterKey } from '../src/home/master-key.ts'
import { readRunning } from '../src/home/running.ts'
import { type EtcdStore, etcdStore } from '../src/store/etcd/etcd-store.ts'
import { CLUSTER_ID, type NodeCluster, startNodes } from '../test/cluster/faults/nodes.ts'
import { compact } from '../test/support/etcd.ts'
import { median } from './measure.ts'
import { fill, RSA_2048 } from './scale.ts'

export type Size = {
  readonly keys: number
  /** Of a node, until it serves. */
  readonly startMs: number
  /** Resident memory of that node then. */
  readonly memoryMb: number
  /** Of the file of a member of etcd after compaction, for each key. */
  readonly bytesPerKey: number
}

const COUNTS = [16_666, 100_000]
/** Fits into one transaction of etcd. */
const AT_ONCE = 100
const ROUNDS = 3

export async function scale(): Promise<readonly Size[]> {
  const cluster = await startNodes({ links: false, clocks: false })
  try {
    const empty = await compact(cluster.etcd)
    const sizes: Size[] = [{ keys: 0, ...(await start(cluster)), bytesPerKey: Number.NaN }]
    for (const keys of COUNTS) {
      const store = await openStore(cluster)
      await fill(store, keys, { material: RSA_2048, atOnce: AT_ONCE })
      await store.close()
      const bytesPerKey = ((await compact(cluster.etcd)) - empty) / keys
      sizes.push({ keys, ...(await start(cluster)), bytesPerKey })
    }
    return sizes
  } finally {
    await cluster.stop()
  }
}

async function start({ nodes: [, , node] }: NodeCluster): Promise<Pick<Size, 'startMs' | 'memoryMb'>> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await node.stop()
    const begun = performance.now()
    await node.start()
    times.push(performance.now() - begun)
  }
  return { startMs: median(times), memoryMb: memoryMb(readRunning(node.home)?.pid) }
}

function memoryMb(pid: number | undefined): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
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
