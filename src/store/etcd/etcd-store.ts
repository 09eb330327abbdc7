/** The store of a cluster of nodes: etcd holds the records, all sealed, and every node a replica of them. */

import type { Coordination } from '../../cluster/coordination.ts'
import { HsmError } from '../../contract/errors.ts'
import { storeClosed } from '../group-commit.ts'
import { createRecordSet, type Root } from '../record-set.ts'
import { type Rollback, revisionAfter } from '../rollback.ts'
import type { Sealer } from '../sealer.ts'
import type { Store } from '../store.ts'
import { createEtcdClient, type EtcdAccess } from './client.ts'
import { createCommits } from './commits.ts'
import { createCoordination } from './coordination.ts'
import { createFollowing } from './following.ts'
import { createKeys } from './keys.ts'
import type { Keyspace } from './keyspace.ts'
import { layoutEntry, tellLayout } from './layout.ts'
import { type Loaded, load } from './load.ts'
import { newestCommit, readAudit } from './reading.ts'
import { createReplica } from './replica.ts'
import { createReplicaState } from './replica-state.ts'
import { guarded, put } from './requests.ts'
import { KV } from './rpc_pb.ts'
import { checkOf, writeRoot } from './values.ts'

export type EtcdStoreOptions = EtcdAccess & {
  readonly clusterId: string
  /** As in the embedded store: 16 hex digits that tell the master key. */
  readonly masterKeyCheck: string
  /** Of this cluster and master key. */
  readonly sealer: Sealer
  /** Whether to make the cluster's store if etcd has none; otherwise that is damage. */
  readonly found: boolean
  /** Whether the store as it is found must be accepted as it is; throws when it is not. Left out: it is the newest. */
  readonly examine?: (root: Root) => Rollback | undefined
  /** Milliseconds on a clock that never steps and goes on while the machine is suspended. */
  readonly now: () => number
}

export type EtcdStore = Store &
  Coordination & {
    /** What was accepted. It is accepted for good with the first commit, which should tell of it. */
    readonly rollback: Rollback | undefined
    /** Of the newest commit that is applied. */
    root(): Root
  }

/**
 * The master key that the store of a cluster in etcd was sealed under, as its check; undefined when there is none.
 * @throws HsmError `store-failure` when etcd does not answer
 */
export async function etcdMasterKeyCheck(access: EtcdAccess, clusterId: string): Promise<string | undefined> {
  const client = createEtcdClient(access)
  try {
    const answer = await client.ask(KV.method.range, { key: createKeys(clusterId).root })
    if ('failure' in answer) throw answer.failure.error
    const root = answer.value.kvs[0]
    return root && checkOf(root.value)
  } finally {
    client.close()
  }
}

/**
 * Opens the store of a cluster; resolves when its replica is whole.
 *
 * @throws HsmError `store-failure` when etcd does not answer or refuses; `store-damaged` when the store is not whole
 *   (naming the record), is missing, or was sealed under another master key; what `examine` throws
 */
export async function etcdStore(options: EtcdStoreOptions): Promise<EtcdStore> {
  const { clusterId, masterKeyCheck, sealer, now } = options
  const client = createEtcdClient(options)
  try {
    const keyspace: Keyspace = { client, keys: createKeys(clusterId), sealer, masterKeyCheck }
    const found = await readOrFound(keyspace, options.found)
    const rollback = options.examine?.(found.root.root)
    return serve(keyspace, rollback ? after(rollback, found) : found, rollback, now)
  } catch (error) {
    client.close()
    throw error
  }
}

async function readOrFound(keyspace: Keyspace, found: boolean): Promise<Loaded> {
  const missing = () => new HsmError('store-damaged', 'There is no store of this cluster in etcd')
  const standing = await load(keyspace)
  if (standing) {
    if (!standing.hasLayout) await tellLayout(keyspace)
    return standing
  }
  if (!found) throw missing()
  await foundStore(keyspace)
  const founded = await load(keyspace)
  if (founded) return founded
  throw missing()
}

/** If several nodes do this at once, one does it. */
async function foundStore(keyspace: Keyspace): Promise<void> {
  const { client, keys, sealer, masterKeyCheck } = keyspace
  const root = writeRoot(sealer, masterKeyCheck, createRecordSet(sealer).root(0))
  const answer = await client.ask(
    KV.method.txn,
    guarded(keys.root, 0, [put(keys.root, root), layoutEntry(keyspace)]),
  )
  if ('failure' in answer) throw answer.failure.error
}

/** What is committed next counts on far ahead of what is lost. */
const after = (rollback: Rollback, { root, ...loaded }: Loaded): Loaded => ({
  ...loaded,
  root: { ...root, root: { ...root.root, revision: revisionAfter(rollback) } },
})

function serve(
  keyspace: Keyspace,
  loaded: Loaded,
  rollback: Rollback | undefined,
  now: () => number,
): EtcdStore {
  const replica = createReplica(keyspace, loaded)
  const replicaState = createReplicaState(now)
  const following = createFollowing({ keyspace, replica, replicaState, onFailed: end })
  const { expect, fail } = following
  const commits = createCommits({ keyspace, replica, expect, damaged: fail })
  const coordination = createCoordination({ keyspace, now, expect, check, damaged: fail })
  let closed = false

  function end(error: HsmError): void {
    replica.end(error)
    commits.refuse(error)
  }
  function check(): void {
    const refusal = closed ? storeClosed() : replicaState.failure()
    if (refusal) throw refusal
  }
  following.start()

  return {
    ...coordination,
    rollback,
    root: () => replica.root().root,
    catalog: replica.catalog,
    transact: commits.transact,
    subscribe: replica.subscribe,
    async audit(hsm, first, count) {
      check()
      return readAudit(keyspace, replica, hsm, first, count)
    },
    async newestCommit() {
      check()
      return newestCommit(keyspace, replica, fail)
    },
    knownMembers: replica.members.known,
    subscribeMembers: replica.members.subscribe,
    appliedRevision: replica.applied,
    appliedAtLeast: replica.appliedAtLeast,
    replicaState: replicaState.current,
    subscribeReplicaState: replicaState.subscribe,
    async close() {
      if (closed) return
      closed = true
      await commits.drain(storeClosed())
      end(storeClosed())
      following.stop()
      keyspace.client.close()
    },
  }
}
