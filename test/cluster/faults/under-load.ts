/** A cluster in full use, for tests that break it. */
import type { TestContext } from 'node:test'
import { type Load, startLoad } from './load.ts'
import { type NodeCluster, type NodeClusterOptions, startNodes } from './nodes.ts'
import { settle } from './people.ts'
import { isConfirmed, isUse } from './steps.ts'

/** Nobody waits longer than this for a test, whatever has become of the cluster. */
export const LIMIT = { timeout: 90_000 }

/** An activated cluster that ends with the test. */
export async function aCluster(t: TestContext, options?: NodeClusterOptions): Promise<NodeCluster> {
  const cluster = await startNodes(options)
  t.after(cluster.stop)
  await settle(cluster)
  return cluster
}

/** Resolves when changes are made through two nodes, and keys are used on all three. */
export async function underLoad(
  t: TestContext,
  options?: NodeClusterOptions,
): Promise<{ readonly cluster: NodeCluster; readonly load: Load }> {
  const cluster = await aCluster(t, options)
  const load = startLoad(cluster, [0, 1])
  t.after(load.stop)
  await inUse(load)
  return { cluster, load }
}

/** Resolves when a change has been confirmed and every node has served a use, all begun after the call. */
export async function inUse(load: Load): Promise<void> {
  await Promise.all([load.next(2, isConfirmed), ...[0, 1, 2].map((node) => load.next(2, isUse(node)))])
}
