/** A cluster in full use, for tests that break it. */
import { after, before, suite, type TestContext } from 'node:test'
import { type Load, startLoad } from './load.ts'
import { type NodeCluster, startNodes } from './nodes.ts'
import { settle } from './people.ts'
import { isConfirmed, isUse } from './steps.ts'

/** Nobody waits longer than this for a test, whatever has become of the cluster. */
export const LIMIT = { timeout: 90_000 }

export type Mode = 'leases' | 'clock-free'

/**
 * Tests on a cluster that trusts clocks, and the same on one that does not and whose clocks run at wrong rates. Each test
 * must leave the cluster whole.
 */
export function inBothModes(define: (cluster: () => NodeCluster, mode: Mode) => void): void {
  for (const mode of ['leases', 'clock-free'] as const) {
    suite(mode === 'leases' ? 'leases' : 'clock-free, with clocks at wrong rates', () => {
      let cluster: NodeCluster
      before(async () => {
        cluster = await startNodes({ fence: mode === 'clock-free' })
        await settle(cluster)
      }, LIMIT)
      after(() => cluster.stop())
      define(() => cluster, mode)
    })
  }
}

/** Resolves when changes are made through two nodes, and keys are used on all three. It ends with the test. */
export async function underLoad(t: TestContext, cluster: NodeCluster): Promise<Load> {
  const load = startLoad(cluster, [0, 1])
  t.after(load.stop)
  await inUse(load)
  return load
}

/** Resolves when a change has been confirmed and every node has served a use, all begun after the call. */
export async function inUse(load: Load): Promise<void> {
  await Promise.all([load.next(2, isConfirmed), ...[0, 1, 2].map((node) => load.next(2, isUse(node)))])
}
