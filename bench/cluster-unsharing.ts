/** How long `key unshare` takes, which answers when guarantee G holds: healthy, and from the moment something dies. */
import { setTimeout } from 'node:timers/promises'
import { connect } from '../src/client/connect.ts'
import { HsmError } from '../src/contract/errors.ts'
import { startNodes } from '../test/cluster/faults/nodes.ts'
import { leaderOf } from '../test/support/etcd.ts'
import { createWorld, makeAes, reference } from '../test/support/world.ts'
import { quantile } from './measure.ts'

/** In milliseconds. */
export type Latency = {
  readonly name: string
  readonly count: number
  /** Of the one that was the first after the fault. */
  readonly first: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const HEALTHY_MS = 6000
/** Longer than a lease lives and what is waited for after it. */
const FAULT_MS = 10_000
const AGAIN_MS = 5

/** @param fence clock-free */
export async function unsharing(fence: boolean): Promise<readonly Latency[]> {
  const cluster = await startNodes({ fence, faulty: false })
  const { etcd, nodes, ca } = cluster
  const hsm = connect({ servers: [nodes[0].address], trust: { ca: ca() } })
  try {
    const world = await createWorld(hsm)
    const filter = reference(await makeAes(world, 'alice', 'bench'))
    const change = (verb: 'key.share' | 'key.unshare') =>
      patiently(() => world.as('alice', verb, { filter, usernames: ['bob'], role: 'crypto-user' }))
    const during = async (name: string, ms: number): Promise<Latency> => {
      const times: number[] = []
      for (const end = performance.now() + ms; performance.now() < end; ) {
        times.push(await timed(() => change('key.unshare')))
        await change('key.share')
      }
      return summary(name, times)
    }
    await change('key.share')
    await during('warming up', HEALTHY_MS / 2)
    const healthy = await during('healthy', HEALTHY_MS)
    await nodes[2].kill()
    const nodeKilled = await during('a node killed', FAULT_MS)
    await nodes[2].start()
    await during('healthy again', FAULT_MS / 2)
    await etcd.kill(await leaderOf(etcd))
    return [healthy, nodeKilled, await during("etcd's leader killed", FAULT_MS)]
  } finally {
    hsm.close()
    await cluster.stop()
  }
}

function summary(name: string, times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b)
  const [first, max] = [times[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN]
  return { name, count: times.length, first, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max }
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
