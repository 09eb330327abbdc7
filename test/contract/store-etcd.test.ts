import { after, before, describe } from 'node:test'
import { type EtcdCluster, startEtcd } from '../support/etcd.ts'
import { durableStoreContract, storeContract } from './store.ts'
import { newClusterId, openEtcd } from './store-etcd.ts'

describe('on three members', () => {
  let etcd: EtcdCluster
  before(async () => {
    etcd = await startEtcd({ members: 3 })
  })
  after(() => etcd.stop())

  const fixture = async () => {
    const clusterId = newClusterId()
    return {
      store: await openEtcd(etcd.endpoints, clusterId),
      reopen: () => openEtcd(etcd.endpoints, clusterId),
      remove: () => undefined,
    }
  }
  storeContract('etcd', fixture)
  durableStoreContract('etcd', fixture)
})
