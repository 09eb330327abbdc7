/** How many changes a cluster makes: all that wait at one node become one commit, and nodes take turns. */
import { connect } from '../src/client/connect.ts'
import { startNodes } from '../test/cluster/faults/nodes.ts'
import { compact } from '../test/support/etcd.ts'
import { createWorld, makeAes, PASSWORD, reference } from '../test/support/world.ts'
import { type Contender, race, type Standing } from './measure.ts'

const IN_FLIGHT = 48
const MS = 2000
const CRYPTO_USER = 'crypto-user' as const

/** Shares and unshares of as many keys as are under way, through one node and then through all. */
export async function changes(): Promise<{
  readonly measured: readonly Standing[]
  /** In the file of a member of etcd after compaction: the entry of the audit log. */
  readonly bytesOfEach: number
}> {
  const cluster = await startNodes({ links: false, clocks: false })
  const hsms = cluster.nodes.map(({ address }) =>
    connect({ servers: [address], trust: { ca: cluster.ca() } }),
  )
  const [first] = hsms
  try {
    if (!first) throw new Error('a cluster has nodes')
    const world = await createWorld(first)
    const keys = await Promise.all(
      Array.from({ length: IN_FLIGHT }, (_, lane) => makeAes(world, 'alice', `bench-${lane}`)),
    )
    const tokens = await Promise.all(
      hsms.map((hsm) =>
        hsm.call('session.login', { username: 'alice', role: CRYPTO_USER, password: PASSWORD }),
      ),
    )
    const shared = keys.map(() => false)
    let made = 0
    const through = (nodes: number) => async (lane: number) => {
      const at = lane % nodes
      const verb = shared[lane] ? 'key.unshare' : 'key.share'
      const request = { filter: reference(keys[lane] ?? ''), usernames: ['bob'], role: CRYPTO_USER }
      await hsms[at]?.call(verb, request, tokens[at]?.token)
      shared[lane] = !shared[lane]
      made += 1
    }
    const before = await compact(cluster.etcd)
    const one: Contender = { name: 'through one node', inFlight: IN_FLIGHT, operation: through(1) }
    const measured = await race(
      [
        { name: 'through one node', inFlight: 1, operation: through(1) },
        one,
        {
          name: 'through three nodes',
          inFlight: IN_FLIGHT,
          operation: through(3),
          against: one,
          target: '≥ 0.9',
        },
      ],
      { rounds: 7, ms: MS },
    )
    return { measured, bytesOfEach: ((await compact(cluster.etcd)) - before) / made }
  } finally {
    for (const hsm of hsms) hsm.close()
    await cluster.stop()
  }
}
