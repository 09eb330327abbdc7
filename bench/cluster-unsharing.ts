/**
 * How long `key unshare` takes, which answers when guarantee G holds: healthy, beside a bare write of etcd, and from the
 * moment something fails.
 */
import { setTimeout } from 'node:timers/promises'
import { connect } from '../src/client/connect.ts'
import { HsmError } from '../src/contract/errors.ts'
import { createEtcdClient } from '../src/store/etcd/client.ts'
import { put } from '../src/store/etcd/requests.ts'
import { KV } from '../src/store/etcd/rpc_pb.ts'
import { type NodeCluster, type NodeClusterOptions, startNodes } from '../test/cluster/faults/nodes.ts'
import { compact, leaderOf } from '../test/support/etcd.ts'
import { createWorld, makeAes, reference } from '../test/support/world.ts'
import { quantile } from './measure.ts'
import type { Goal } from './table.ts'

/** In milliseconds. */
export type Latency = {
  readonly name: string
  /** Of a write to etcd in between, where that is healthy. */
  readonly bare?: Latency
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const HEALTHY_MS = 8000
/** Longer than a lease lives and what is waited for after it. */
const FAULT_MS = 7000
const OUTAGE_MS = 2000
const AGAIN_MS = 5
/** About what an unshare writes. */
const RECORD_BYTES = 1500

type Fault = {
  readonly name: string
  /** What is measured begins when it has happened. */
  readonly happen: (cluster: NodeCluster) => Promise<void> | void
  readonly mend: (cluster: NodeCluster) => Promise<void> | void
}

let leader = 0

const FAULTS: readonly Fault[] = [
  {
    name: 'a node killed',
    happen: ({ nodes }) => nodes[2].kill(),
    mend: ({ nodes }) => nodes[2].start(),
  },
  {
    name: 'a node stopped, as by SIGSTOP',
    happen: ({ nodes }) => nodes[2].freeze(),
    mend: ({ nodes }) => nodes[2].thaw(),
  },
  {
    name: 'a node cut off from etcd',
    happen: ({ links }) => links.toEtcd.silence(),
    mend: ({ links }) => links.toEtcd.mend(),
  },
  {
    name: 'a node cut off from its clients',
    happen: ({ links }) => links.toClients.silence(),
    mend: ({ links }) => links.toClients.mend(),
  },
  {
    name: 'etcd compacted while a node is cut off',
    async happen({ etcd, links }) {
      links.toEtcd.cut()
      await compact(etcd)
    },
    mend: ({ links }) => links.toEtcd.mend(),
  },
  {
    name: "etcd's leader killed",
    async happen({ etcd }) {
      leader = await leaderOf(etcd)
      await etcd.kill(leader)
    },
    mend: ({ etcd }) => etcd.restart(leader),
  },
  {
    name: `etcd without quorum for ${OUTAGE_MS / 1000} s, then with`,
    async happen({ etcd }) {
      await Promise.all([etcd.kill(0), etcd.kill(1)])
      await setTimeout(OUTAGE_MS)
      await Promise.all([etcd.restart(0), etcd.restart(1)])
    },
    mend: () => undefined,
  },
]

/** Unshares at the first node for so long, and writes to etcd in between. */
type During = (name: string, ms: number) => Promise<Latency & { readonly bare: Latency }>

/** @param fence clock-free */
export async function unsharing(fence: boolean): Promise<readonly Latency[]> {
  // The links of a node that can be cut lead through this process, which slows it down.
  const healthy = await onCluster({ fence, clocks: false, links: false }, (_, during) =>
    during('healthy', HEALTHY_MS),
  )
  const failing = await onCluster({ fence, clocks: false }, async (cluster, during) => {
    const measured: Latency[] = []
    for (const { name, happen, mend } of FAULTS) {
      await happen(cluster)
      const { bare: _, ...latency } = await during(name, FAULT_MS)
      measured.push(latency)
      await mend(cluster)
      await during('healthy again', FAULT_MS / 2)
    }
    return measured
  })
  return [healthy, ...failing]
}

export const goalsOfUnsharing = (latencies: readonly Latency[]): readonly Goal[] =>
  latencies.flatMap(({ bare, p50, p99 }) => {
    if (!bare) return []
    const row = (name: string, ours: number, figure: number, target: string): Goal => ({
      name: `unshare, 3 nodes, 3 members of etcd, ${name}, ms`,
      ours,
      peer: { name: bare.name, figure, ratio: ours / figure },
      target,
    })
    return [row('p50', p50, bare.p50, '≤ 2.5'), row('p99', p99, bare.p99, '≤ 2')]
  })

async function onCluster<R>(
  options: NodeClusterOptions,
  body: (cluster: NodeCluster, during: During) => Promise<R>,
): Promise<R> {
  const cluster = await startNodes(options)
  const { etcd, nodes, ca } = cluster
  const hsm = connect({ servers: [nodes[0].address], trust: { ca: ca() } })
  const bare = createEtcdClient({ endpoints: etcd.endpoints })
  try {
    const world = await createWorld(hsm)
    const filter = reference(await makeAes(world, 'alice', 'bench'))
    const change = (verb: 'key.share' | 'key.unshare') =>
      patiently(() => world.as('alice', verb, { filter, usernames: ['bob'], role: 'crypto-user' }))
    const write = () => {
      const success = [put(Buffer.from('/bench'), Buffer.alloc(RECORD_BYTES))]
      return bare.once(KV.method.txn, { success }, FAULT_MS)
    }
    const during: During = async (name, ms) => {
      const [times, writes]: [number[], number[]] = [[], []]
      for (const end = performance.now() + ms; performance.now() < end; ) {
        times.push(await timed(() => change('key.unshare')))
        writes.push(await timed(write))
        await change('key.share')
      }
      return { ...summary(name, times), bare: summary('a bare write of etcd in between', writes) }
    }
    await change('key.share')
    await during('warming up', HEALTHY_MS / 2)
    return await body(cluster, during)
  } finally {
    hsm.close()
    bare.close()
    await cluster.stop()
  }
}

function summary(name: string, times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b)
  const max = sorted.at(-1) ?? Number.NaN
  return { name, count: times.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max }
}

/** Until it is done; that it was done already counts, too. */
async function patiently(act: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      if (error.code === 'already-shared' || error.code === 'not-shared') return
      await setTimeout(AGAIN_MS)
    }
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await act()
  return performance.now() - begun
}
