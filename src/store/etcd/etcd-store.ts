/** The store of a cluster of nodes: etcd holds the records, all sealed, and every node a replica of them. */

import type { Coordination } from '../../cluster/coordination.ts'
import { HsmError } from '../../contract/errors.ts'
import { told } from '../bodies.ts'
import { storeClosed } from '../group-commit.ts'
import { createRecordSet, type Root } from '../record-set.ts'
import { type Rollback, revisionAfter } from '../rollback.ts'
import type { Sealer } from '../sealer.ts'
import type { SnapshotOptions } from '../snapshot/read.ts'
import { createSnapshotWriter, type SnapshotWriter } from '../snapshot/writer.ts'
import type { Store } from '../store.ts'
import { loadFromSnapshot } from './catching-up.ts'
import { createEtcdClient, type EtcdAccess } from './client.ts'
import { createCommits } from './commits.ts'
import { createCoordination } from './coordination.ts'
import { createFollowing } from './following.ts'
import { createKeys } from './keys.ts'
import type { Keyspace } from './keyspace.ts'
import { layoutEntry, tellLayout } from './layout.ts'
import { type Loaded, load } from './load.ts'
import { createMaterials, type HeldMaterial } from './materials.ts'
import { newestCommit, readAudit } from './reading.ts'
import { createReplica, type Replica } from './replica.ts'
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
  /** Where its records stand to be read fast. */
  readonly snapshot?: SnapshotOptions
}

export type EtcdStore = Store &
  Coordination & {
    /** What was accepted. It is accepted for good with the first commit, which should tell of it. */
    readonly rollback: Rollback | undefined
    /** Of the newest commit that is applied. */
    root(): Root
    heldMaterial(): HeldMaterial
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
  const { clusterId, masterKeyCheck, sealer } = options
  const client = createEtcdClient(options)
  try {
    const keyspace: Keyspace = { client, keys: createKeys(clusterId), sealer, masterKeyCheck }
    const found = await readOrFound(keyspace, options)
    const rollback = options.examine?.(found.root.root)
    return serve(keyspace, options, rollback ? after(rollback, found) : found, rollback)
  } catch (error) {
    client.close()
    throw error
  }
}

async function readOrFound(
  keyspace: Keyspace,
  { found, snapshot }: Pick<EtcdStoreOptions, 'found' | 'snapshot'>,
): Promise<Loaded> {
  const missing = () => new HsmError('store-damaged', 'There is no store of this cluster in etcd')
  const standing = (snapshot && (await loadFromSnapshot(keyspace, snapshot))) ?? (await load(keyspace))
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

/** From now on, in the background. */
function writeSnapshot(options: SnapshotOptions, replica: Replica, { written }: Loaded): SnapshotWriter {
  const { catalog, records } = replica
  const writer = createSnapshotWriter({
    ...options,
    source: {
      catalog,
      records,
      point: () => ({
        root: records().root(replica.root().root.revision),
        revisionSum: records().revisionSum(),
        etcd: { applied: replica.applied(), root: replica.root().revision },
      }),
    },
    written,
  })
  replica.subscribe((changes) => writer.note(changes.map(({ key }) => key)))
  return writer
}

function serve(
  keyspace: Keyspace,
  { snapshot, now }: Pick<EtcdStoreOptions, 'snapshot' | 'now'>,
  loaded: Loaded,
  rollback: Rollback | undefined,
): EtcdStore {
  const replica = createReplica(keyspace, loaded)
  const replicaState = createReplicaState(now)
  const following = createFollowing({ keyspace, replica, replicaState, onFailed: end })
  const { expect, fail } = following
  const materials = createMaterials(keyspace, replica, fail)
  const commits = createCommits({ keyspace, replica, materials, expect, damaged: fail })
  const coordination = createCoordination({ keyspace, now, expect, check, damaged: fail })
  const writer = snapshot && writeSnapshot(snapshot, replica, loaded)
  let closed = false

  function end(error: HsmError): void {
    if (error.code === 'store-damaged') writer?.discard()
    replica.end(error)
    commits.refuse(error)
    materials.close()
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
    commitNumber: () => replica.root().root.revision,
    takeTurns: commits.takeTurns,
    check,
    catalog: replica.catalog,
    transact: commits.transact,
    subscribe: (listener) => replica.subscribe((changes) => listener(changes.map(told))),
    material(key) {
      check()
      return materials.of(key)
    },
    hasMaterial: materials.isAtHand,
    heldMaterial: materials.held,
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
      await writer?.close()
    },
  }
}
