/** A new store on etcd for a cluster that is restored, and the home of its first node. */
import { HsmError } from '../contract/errors.ts'
import type { Home } from '../home/home.ts'
import { type EtcdStore, etcdMasterKeyCheck } from '../store/etcd/etcd-store.ts'
import type { OpenStore } from './embedded-store.ts'
import { accessOf, type EtcdSettings } from './settings.ts'
import { openSharedStore } from './shared-store.ts'

/** @throws HsmError with one sentence: etcd does not answer, or has a cluster of that name */
export async function foundSharedStore(
  home: Home,
  clusterId: string,
  etcd: EtcdSettings,
): Promise<OpenStore<EtcdStore>> {
  if ((await etcdMasterKeyCheck(accessOf(etcd), clusterId)) !== undefined) {
    throw new HsmError('invalid-request', `etcd has a cluster ${clusterId} already`)
  }
  const settings = { clusterId, etcd }
  const plan = { settings, advertise: undefined, known: false, hsmId: undefined, keyUseFence: false }
  return openSharedStore(home, plan, { clock: () => performance.now() })
}
