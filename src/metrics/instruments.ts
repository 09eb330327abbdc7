/** What is measured of a running HSM: its interfaces, wrapped, so that nothing inside them knows of it. */
import { andThen, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import type { Cluster, Established } from '../cluster/cluster.ts'
import type { Coordination, ReplicaState } from '../cluster/coordination.ts'
import { HsmError } from '../contract/errors.ts'
import { type Admit, callerOf, type Hsm } from '../contract/hsm.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import type { Store } from '../store/store.ts'
import type { Registry, Sample } from './registry.ts'

/** Seconds on a clock that never steps. */
export type Seconds = () => number

type Measured = { readonly hsm: Hsm; readonly admit: Admit }

/** Counts requests by operation and outcome, those that were refused before they were read too, and the items that keys were used for. */
export function measuredHsm({ hsm, admit }: Measured, registry: Registry, seconds: Seconds): Measured {
  const requests = registry.counter('strongroom_requests_total', 'Requests by operation and outcome.')
  const durations = registry.histogram('strongroom_request_duration_seconds', 'Time to answer a request.')
  const uses = registry.counter('strongroom_key_uses_total', 'Items that were signed or verified with a key.')
  const measured = <K extends OperationName>(
    operation: K,
    request: Request<K>,
    ask: () => MaybePromise<Reply<K>>,
  ): MaybePromise<Reply<K>> => {
    const begun = seconds()
    const outcome = (name: string) => {
      requests({ operation, outcome: name })
      durations(seconds() - begun, { operation })
    }
    const replied = (reply: Reply<K>) => {
      outcome('ok')
      const items = 'data' in request && Array.isArray(request.data) ? request.data.length : undefined
      if (items !== undefined) uses({ operation }, items)
      return reply
    }
    return orElse(
      () => andThen(ask(), replied),
      (error) => {
        outcome(outcomeOf(error))
        throw error
      },
    )
  }
  return {
    hsm: {
      call: async (operation, request, session, source) =>
        measured(operation, request, () => hsm.call(operation, request, session, source)),
      caller(session, source) {
        const caller = callerOf(hsm, session, source)
        return (operation, request) => measured(operation, request, () => caller(operation, request))
      },
    },
    admit(session, source) {
      const admitter = admit(session, source)
      return {
        ...admitter,
        admit(operation) {
          try {
            return admitter.admit(operation)
          } catch (error) {
            requests({ operation, outcome: outcomeOf(error) })
            throw error
          }
        },
      }
    },
  }
}

const outcomeOf = (error: unknown): string => (error instanceof HsmError ? error.code : 'internal')

/** Measures how long a change takes to be durable. */
export function measuredStore(store: Store, registry: Registry, seconds: Seconds): Store {
  const durations = registry.histogram(
    'strongroom_store_commit_seconds',
    'Time until a transaction is durable and applied.',
  )
  return {
    check: () => store.check(),
    get catalog() {
      return store.catalog
    },
    async transact(body) {
      const begun = seconds()
      try {
        return await store.transact(body)
      } finally {
        durations(seconds() - begun)
      }
    },
    subscribe: (listener) => store.subscribe(listener),
    material: (key) => store.material(key),
    hasMaterial: (key) => store.hasMaterial(key),
    audit: (...range) => store.audit(...range),
    close: () => store.close(),
  }
}

/** Tells how long each revocation waited for the other HSMs, and how that ended. */
export type BarrierObserver = (seconds: number, outcome: Established | 'unconfirmed') => void

/** @param observe called after each wait for the other HSMs */
export function timedCluster(cluster: Cluster, seconds: Seconds, observe: BarrierObserver): Cluster {
  return {
    ...cluster,
    others: {
      ...cluster.others,
      async inEffect(revision) {
        const begun = seconds()
        let outcome: Parameters<BarrierObserver>[1] = 'unconfirmed'
        try {
          outcome = await cluster.others.inEffect(revision)
          return outcome
        } finally {
          observe(seconds() - begun, outcome)
        }
      },
    },
  }
}

/** Registers the histogram `strongroom_barrier_wait_seconds`. */
export function observeBarrier(registry: Registry): BarrierObserver {
  const waits = registry.histogram(
    'strongroom_barrier_wait_seconds',
    'Time until a revocation was in effect on every other HSM, by how that was established.',
  )
  return (waited, outcome) => waits(waited, { outcome })
}

/** Whether the HSM serves and what it holds, asked for when it is read. */
export function observeHoldings(hsm: Hsm, registry: Registry): void {
  const read = (name: 'users' | 'keys' | 'sessions' | 'serving') => () =>
    hsm.call('cluster.status', {}).then(
      (status) => one(Number(status[name])),
      () => [],
    )
  registry.gauge('strongroom_serving', 'Whether this HSM serves: 1, or 0.', read('serving'))
  registry.gauge('strongroom_users', 'Users in the catalog.', read('users'))
  registry.gauge('strongroom_keys', 'Token keys in the catalog.', read('keys'))
  registry.gauge('strongroom_sessions', 'Logins open on this HSM.', read('sessions'))
}

/** Programs that are connected to the PKCS#11 socket. */
export function observePrograms(
  { connections, ready }: { readonly connections: () => number; readonly ready: () => number },
  registry: Registry,
): void {
  registry.gauge(
    'strongroom_pkcs11_connections',
    'Programs connected by PKCS#11, to the socket or over TLS.',
    () => one(connections()),
  )
  registry.gauge(
    'strongroom_pkcs11_idle_connections',
    'Those of them that would notice nothing if this HSM ended now and were started again.',
    () => one(ready()),
  )
}

/** How well this HSM follows its cluster. */
export function observeFollowing(
  store: Pick<Coordination, 'appliedRevision' | 'replicaState'>,
  cluster: Cluster,
  clock: () => number,
  registry: Registry,
): void {
  registry.gauge(
    'strongroom_applied_revision',
    'Newest revision of etcd that this HSM has applied; its distance to that of other HSMs is its lag.',
    () => one(store.appliedRevision()),
  )
  registry.gauge(
    'strongroom_watch_behind_seconds',
    'How long this HSM has been cut off from the changes of others; 0 while it follows them.',
    () => one(behindMs(store.replicaState(), clock()) / 1000),
  )
  registry.gauge('strongroom_hsms', 'Live HSMs of the cluster, as this one knows them.', () =>
    one(cluster.hsms().length),
  )
}

/** Key material that this HSM keeps in memory. */
export function observeMaterial(
  held: () => { readonly keys: number; readonly bytes: number },
  registry: Registry,
): void {
  registry.gauge('strongroom_material_keys', 'Keys whose material this HSM has in memory.', () =>
    one(held().keys),
  )
  registry.gauge('strongroom_material_bytes', 'Memory that this HSM has for key material, in bytes.', () =>
    one(held().bytes),
  )
}

function behindMs(replica: ReplicaState, now: number): number {
  if (replica.state === 'following') return 0
  return replica.state === 'behind' ? now - replica.since : Number.POSITIVE_INFINITY
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }]
