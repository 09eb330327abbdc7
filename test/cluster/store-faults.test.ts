/** Members of etcd that die, stop and come back under a store: nothing is lost, nothing happens twice. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { CatalogView } from '../../src/catalog/catalog.ts'
import type { EtcdStore } from '../../src/store/etcd/etcd-store.ts'
import type { Conclusion } from '../../src/store/store.ts'
import { newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { put, sampleCluster } from '../contract/store-samples.ts'
import { type EtcdCluster, leaderOf, startEtcd } from '../support/etcd.ts'

const counted = (view: CatalogView): Conclusion<number> => {
  const next = (view.cluster()?.nextReference ?? 0) + 1
  return { ...put(sampleCluster(next)), result: next }
}

describe('a store on members of etcd that fail', () => {
  let etcd: EtcdCluster
  let clusterId: string
  let store: EtcdStore
  let other: EtcdStore
  beforeEach(async () => {
    etcd = await startEtcd({ members: 3 })
    clusterId = newClusterId()
    store = await openEtcd(etcd.endpoints, clusterId)
    other = await openEtcd(etcd.endpoints, clusterId)
  })
  afterEach(async () => {
    await Promise.all([store.close(), other.close()])
    await etcd.stop()
  })

  /** Both stores count, one commit after another, while `fault` happens; every number is given out once. */
  const countThrough = async (fault: () => Promise<void> | void) => {
    const numbers: number[] = []
    const over = new AbortController()
    const counting = [store, other].map(async (each) => {
      while (!over.signal.aborted) numbers.push((await each.transact(counted)).result)
      numbers.push((await each.transact(counted)).result)
    })
    await fault()
    over.abort()
    await Promise.all(counting)
    const sorted = numbers.toSorted((a, b) => a - b)
    assert.deepEqual(
      sorted,
      sorted.map((_, at) => at + 1),
    )
    const { result } = await store.transact((view) => ({ ...put(), result: view.cluster()?.nextReference }))
    assert.equal(result, sorted.length)
  }

  it('goes on when the leader is killed', async () => {
    const leader = await leaderOf(etcd)
    await countThrough(async () => {
      await etcd.kill(leader)
      await Promise.all([store.newestCommit(), other.newestCommit()])
    })
  })

  it('goes on while every member is killed and started again, one after another', () =>
    countThrough(async () => {
      for (const member of etcd.endpoints.keys()) {
        await etcd.kill(member)
        await etcd.restart(member)
      }
    }))

  it('goes on when the leader stops answering without dying', async () => {
    const leader = await leaderOf(etcd)
    await countThrough(async () => {
      etcd.freeze(leader)
      await Promise.all([store.newestCommit(), other.newestCommit()])
    })
    etcd.thaw(leader)
  })

  it('waits while etcd has no quorum, and is told the truth when that takes too long', async () => {
    await store.transact(counted)
    for (const member of etcd.endpoints.keys()) etcd.freeze(member)
    const underWay = store.transact(counted)
    await assert.rejects(store.newestCommit(), {
      code: 'store-failure',
      message: /^etcd did not answer in time/,
    })
    await assert.rejects(underWay, {
      code: 'store-failure',
      message: /it is not known whether the change was stored$/,
    })
    await assert.rejects(store.keepAlive('1'), { code: 'store-failure' })
    for (const member of etcd.endpoints.keys()) etcd.thaw(member)
    const { result } = await store.transact(counted)
    assert.ok(result === 2 || result === 3)
    assert.equal((await other.transact(counted)).result, result + 1)
  })

  it('finds everything again when all members were killed at once', async () => {
    const { revision } = await store.transact(counted)
    await Promise.all([...etcd.endpoints.keys()].map((member) => etcd.kill(member)))
    await Promise.all([...etcd.endpoints.keys()].map((member) => etcd.restart(member)))
    assert.equal(await other.newestCommit(), revision)
    assert.equal((await other.transact(counted)).result, 2)
    const again = await openEtcd(etcd.endpoints, clusterId)
    assert.equal(again.catalog.cluster()?.nextReference, 2)
    await again.close()
  })

  it('opens while one member is gone, whichever is asked first', async () => {
    await store.transact(counted)
    await etcd.kill(0)
    const again = await openEtcd(etcd.endpoints, clusterId)
    assert.equal(again.catalog.cluster()?.nextReference, 1)
    await again.close()
  })
})
