/** What a node tells of its cluster when it is asked for its status. */

import type { Store } from '../store/store.ts'
import type { Cluster, NodeStatus } from './cluster.ts'
import type { Coordination } from './coordination.ts'
import type { Recent } from './recent.ts'
import { readAcknowledgement } from './registration.ts'

type Needs = {
  readonly store: Pick<Store, 'subscribe'> & Pick<Coordination, 'appliedRevision' | 'knownMembers'>
  readonly cluster: Pick<Cluster, 'hsms'>
  readonly id: string
  readonly waits: Pick<Recent, 'summary'>
  /** Key material in memory. */
  readonly material: () => NonNullable<NodeStatus['material']>
}

/** @returns what is told at the moment of the call; costs a pass over the members that are known here */
export function createNodeStatus({ store, cluster, id, waits, material }: Needs): () => NodeStatus {
  /** Of the newest commit seen here; what came before has been loaded. */
  let newest = 0
  store.subscribe((changes) => {
    newest = Math.max(newest, ...changes.map(({ revision }) => revision))
  })
  const acknowledged = () =>
    new Map(
      store
        .knownMembers('ack/')
        .map((member) => [member.key.slice('ack/'.length), readAcknowledgement(member)]),
    )
  const leases = () =>
    new Map(
      store
        .knownMembers('node/')
        .map(({ key, lease }) => [key.slice('node/'.length), BigInt(lease).toString(16)]),
    )
  return () => {
    const acks = acknowledged()
    const held = leases()
    const barrier = waits.summary()
    return {
      'hsm-id': id,
      'applied-revision': store.appliedRevision(),
      ...(barrier && { barrier }),
      material: material(),
      nodes: cluster.hsms().map((hsm) => {
        const lease = held.get(hsm.id)
        const applied = hsm.id === id ? store.appliedRevision() : acks.get(hsm.id)?.revision
        return {
          'hsm-id': hsm.id,
          address: hsm.address,
          version: hsm.version,
          ...(lease !== undefined && { lease }),
          ...(applied !== undefined && {
            'applied-revision': applied,
            lag: Math.max(0, newest - applied),
          }),
        }
      }),
    }
  }
}
