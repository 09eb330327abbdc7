/** Stores of one cluster on an etcd for tests. */
import { createSealer, masterKeyCheck } from '../../src/crypto/seal.ts'
import { type EtcdStore, type EtcdStoreOptions, etcdStore } from '../../src/store/etcd/etcd-store.ts'

const MASTER_KEY = Buffer.alloc(32, 0x5a)
let clusters = 0

/** So that the tests on one etcd have nothing to do with each other. */
export const newClusterId = (): string => `cluster-${String(++clusters).padStart(11, 'a')}`

export const etcdOptions = (
  endpoints: readonly string[],
  clusterId: string,
  changes: Partial<EtcdStoreOptions> = {},
): EtcdStoreOptions => ({
  endpoints,
  clusterId,
  masterKeyCheck: masterKeyCheck(MASTER_KEY),
  sealer: createSealer(MASTER_KEY, 'records', clusterId),
  found: true,
  now: () => performance.now(),
  ...changes,
})

export const openEtcd = (endpoints: readonly string[], clusterId: string): Promise<EtcdStore> =>
  etcdStore(etcdOptions(endpoints, clusterId))
