/** This HSM as a node of its cluster. */
import { randomBytes } from 'node:crypto'
import type { Log } from '../base/log.ts'
import type { Cluster, HsmFacts } from '../cluster/cluster.ts'
import { createClusterNode } from '../cluster/cluster-node.ts'
import { createNodeStatus } from '../cluster/node-status.ts'
import type { PeerLinks } from '../cluster/peer-links.ts'
import type { Mark } from '../cluster/peer-messages.ts'
import { createRecent } from '../cluster/recent.ts'
import { DEFAULT_MATERIAL_IN_MEMORY } from '../contract/key-material.ts'
import { observeBarrier, observeFollowing, observeMaterial, timedCluster } from '../metrics/instruments.ts'
import type { Registry } from '../metrics/registry.ts'
import type { EtcdStore } from '../store/etcd/etcd-store.ts'

export type OpenNode = {
  readonly cluster: Cluster
  join(settled: (revision: number) => Promise<void>): Promise<void>
  leave(): Promise<void>
  /** The newest format of records that every registered HSM reads. */
  readableFormat(): Promise<number>
}

export type OpenNodeOptions = {
  readonly store: EtcdStore
  readonly hsm: { readonly id: string; readonly version: string; readonly address: () => string }
  /** Where this process runs: see `boot-identity.ts`. */
  readonly place: string
  /** Milliseconds, goes on while the machine is suspended. */
  readonly clock: () => number
  /** To the other nodes. */
  readonly links: PeerLinks
  /** Under the master key, for what nodes say to each other directly. */
  readonly mark: Mark
  readonly registry: Registry | undefined
  readonly log: Log
}

/** The life of this HSM in its cluster. Nothing is registered before it joins. */
export function openNode(options: OpenNodeOptions): OpenNode {
  const { store, hsm, clock, registry, log } = options
  const self = (): HsmFacts => ({ ...hsm, address: hsm.address() })
  const node = createClusterNode({
    ...options,
    coordination: store,
    self,
    after(ms, callback) {
      const timer = setTimeout(callback, ms)
      return () => clearTimeout(timer)
    },
    now: Date.now,
    random: randomBytes,
    several: true,
  })
  const waits = createRecent()
  const observers = [waits.note, ...(registry ? [observeBarrier(registry)] : [])]
  const cluster = timedCluster(
    node,
    () => clock() / 1000,
    (seconds, outcome) => {
      for (const observe of observers) observe(seconds, outcome)
    },
  )
  if (registry) {
    observeFollowing(store, cluster, clock, registry)
    observeMaterial(store.heldMaterial, registry)
  }
  const material = () => ({
    'in-memory': store.catalog.cluster()?.materialInMemory ?? DEFAULT_MATERIAL_IN_MEMORY,
    ...store.heldMaterial(),
  })
  const status = createNodeStatus({ store, cluster, id: hsm.id, waits, material })
  return {
    cluster: { ...cluster, status },
    join: node.join,
    readableFormat: node.readableFormat,
    leave: () =>
      node
        .leave()
        .catch((err: unknown) => log('warn', { err }, 'the cluster was not told that this HSM leaves')),
  }
}
