/** What being a node of a cluster costs a use of a key: nothing is asked of etcd, so it should cost nothing. */
import { connect } from '../src/client/connect.ts'
import { startNodes } from '../test/cluster/faults/nodes.ts'
import { base64, createWorld, ECDSA, makePair, reference, type World } from '../test/support/world.ts'
import { type Contender, race, type Standing } from './measure.ts'
import { behindHttps } from './world.ts'

const IN_FLIGHT = 64

export async function keyUse(): Promise<readonly Standing[]> {
  const alone = await behindHttps()
  const cluster = await startNodes({ links: false, clocks: false })
  const node = connect({ servers: [cluster.nodes[0].address], trust: { ca: cluster.ca() } })
  try {
    const there = await createWorld(node)
    const embedded: Contender = {
      name: 'embedded store',
      inFlight: IN_FLIGHT,
      operation: await signer(alone.world),
    }
    const ofThree: Contender = {
      name: 'one of three nodes on etcd',
      inFlight: IN_FLIGHT,
      operation: await signer(there),
      against: embedded,
    }
    return await race([embedded, ofThree], { rounds: 9, ms: 1000 })
  } finally {
    node.close()
    await cluster.stop()
    await alone.close()
  }
}

async function signer(world: World): Promise<() => unknown> {
  const { priv } = await makePair(world, 'alice', { label: 'bench' })
  const request = { filter: reference(priv), mechanism: ECDSA, data: [base64('x'.repeat(256))] }
  return () => world.as('alice', 'crypto.sign', request)
}
