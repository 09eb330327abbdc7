/** The store that the nodes of a cluster share on etcd: joined, or founded by the first of them. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { backupKeysOf } from '../backup/ways.ts'
import { isThere } from '../base/directories.ts'
import type { Log } from '../base/log.ts'
import { HsmError } from '../contract/errors.ts'
import { createSealer, masterKeyCheck, type Sealer } from '../crypto/seal.ts'
import type { Home } from '../home/home.ts'
import { chosenHsmId, saveHsmId } from '../home/ids.ts'
import { withMasterKey } from '../home/master-key.ts'
import { type EtcdStore, etcdMasterKeyCheck, etcdStore } from '../store/etcd/etcd-store.ts'
import type { Root } from '../store/record-set.ts'
import { rollbackOf } from '../store/rollback.ts'
import type { OpenStore } from './embedded-store.ts'
import { takeId } from './id-ownership.ts'
import { accessOf, type NodePlan, saveSettings } from './settings.ts'
import { snapshotOf } from './snapshot-place.ts'

type SharedStoreOptions = {
  /** Milliseconds, goes on while the machine is suspended. */
  readonly clock: () => number
  /** Take a state of etcd that is not known to be the newest. */
  readonly acceptRollback?: boolean | undefined
  /** Of an HSM that is to start fast the next time: it keeps a snapshot. */
  readonly log?: Log
}

/**
 * Resolves when the replica is whole. The home remembers the cluster from then on.
 *
 * @throws HsmError with one sentence: etcd does not answer, the cluster has another master key, it is gone
 */
export async function openSharedStore(
  home: Home,
  { settings, known, hsmId }: NodePlan,
  { clock, acceptRollback, log }: SharedStoreOptions,
): Promise<OpenStore<EtcdStore> & { readonly records: Sealer; readonly peers: Sealer }> {
  const { clusterId } = settings
  const id = chosenHsmId(home, hsmId)
  const access = accessOf(settings.etcd)
  const founded = (await etcdMasterKeyCheck(access, clusterId)) !== undefined
  if (!founded && known) throw new HsmError('store-damaged', `Cluster ${clusterId} is gone from etcd`)
  const hasKey = isThere(home.masterKey)
  if (founded && !hasKey) throw notInvited(home, clusterId)
  const { records, check, snapshot, ...seals } = withMasterKey(
    home.masterKey,
    hasKey ? undefined : randomBytes,
    (key) => ({
      ...(log && { snapshot: snapshotOf(home, { key, clusterId, owner: `etcd ${id}`, log }) }),
      sealer: createSealer(key, 'material', clusterId),
      records: createSealer(key, 'records', clusterId),
      peers: createSealer(key, 'peers', clusterId),
      check: masterKeyCheck(key),
      backupKeys: backupKeysOf(key, clusterId),
      keyUseSealer: createSealer(key, 'key-use', clusterId),
    }),
  )
  const options = {
    ...access,
    clusterId,
    sealer: records,
    masterKeyCheck: check,
    found: !founded,
    now: clock,
    ...(snapshot && { snapshot }),
    examine: (root: Root) => rollbackOf(root, home.mark, { sealer: records, acceptRollback }),
  }
  const store = await etcdStore(options).catch(async (error: unknown) => {
    if (hasKey) throw error
    const standing = await etcdMasterKeyCheck(access, clusterId).catch(() => 'not known')
    // Nothing was founded with this key, so it is worth nothing.
    if (standing !== check && standing !== 'not known') rmSync(home.masterKey)
    if (standing === undefined || standing === check || standing === 'not known') throw error
    throw notInvited(home, clusterId)
  })
  try {
    await takeId({ home, access, clusterId, hsmId: id, sealer: records, store })
    saveHsmId(home, id)
    saveSettings(home, settings)
    return { store, records, ...seals, clusterId, hsmId: id }
  } catch (error) {
    await store.close()
    throw error
  }
}

const notInvited = ({ masterKey }: Home, clusterId: string): HsmError =>
  new HsmError(
    'invalid-request',
    `Cluster ${clusterId} exists already; join it with strongroom node join, or copy its master key to ${masterKey}`,
  )
