/** Leases and what nodes put under them. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { MemberChange } from '../../src/cluster/coordination.ts'
import type { EtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { put, sampleUser } from '../contract/store-samples.ts'
import { type EtcdCluster, startEtcd } from '../support/etcd.ts'

describe('coordination through etcd', () => {
  let etcd: EtcdCluster
  let a: EtcdStore
  let b: EtcdStore
  before(async () => {
    etcd = await startEtcd({ members: 3 })
  })
  after(() => etcd.stop())
  beforeEach(async () => {
    const clusterId = newClusterId()
    a = await openEtcd(etcd.endpoints, clusterId)
    b = await openEtcd(etcd.endpoints, clusterId)
  })
  afterEach(() => Promise.all([a.close(), b.close()]))

  it('renews a lease, and says when it asked', async () => {
    const before = performance.now()
    const granted = await a.grantLease(30)
    assert.ok(granted.sentAt >= before && granted.ttlSeconds >= 30)
    const between = performance.now()
    const renewed = await b.keepAlive(granted.lease)
    assert.ok(renewed && renewed.sentAt >= between && renewed.sentAt <= performance.now())
    assert.equal(renewed.ttlSeconds, granted.ttlSeconds)
  })

  it('takes the keys of a lease away with it, and says that it is gone', async () => {
    const { lease } = await a.grantLease(30)
    await a.put('node/hsm-1', 'one', lease)
    await a.put('ack/hsm-1', 'two', lease)
    await b.revokeLease(lease)
    assert.deepEqual((await a.readMembers('node/')).members, [])
    assert.deepEqual((await a.readMembers('ack/')).members, [])
    assert.equal(await a.keepAlive(lease), undefined)
    assert.equal(await a.put('node/hsm-1', 'one', lease), undefined)
    await b.revokeLease(lease)
  })

  it('lets a lease run out that nobody renews', async () => {
    const { lease } = await a.grantLease(1)
    const gone = new Promise<MemberChange>((resolve) => {
      b.subscribeMembers((change) => change.member ?? resolve(change))
    })
    await a.put('node/hsm-1', 'one', lease)
    assert.equal((await gone).key, 'node/hsm-1')
    assert.equal(await a.keepAlive(lease), undefined)
  })

  it('puts only what was expected', async () => {
    const { lease } = await a.grantLease(30)
    const first = await a.put('node/hsm-1', 'one', lease, 0)
    assert.ok(first)
    assert.equal(await b.put('node/hsm-1', 'two', lease, 0), undefined)
    const second = await b.put('node/hsm-1', 'two', lease, first)
    assert.ok(second && second > first)
    assert.equal(await a.delete('node/hsm-1', first), false)
    assert.deepEqual((await a.readMembers('node/')).members, [
      { key: 'node/hsm-1', value: 'two', revision: second, lease },
    ])
    assert.equal(await a.delete('node/hsm-1', second), true)
    assert.deepEqual((await b.readMembers('node/')).members, [])
  })

  it('tells of member keys in order, between the commits', async () => {
    const story: string[] = []
    b.subscribeMembers(({ key, member }) => story.push(`${key} ${member?.value}`))
    b.subscribe((changes) => story.push(...changes.map(({ key }) => key)))
    const { lease } = await a.grantLease(30)
    await a.put('node/hsm-1', 'one', lease)
    await a.transact(() => put(sampleUser(1)))
    await a.put('ack/hsm-1', 'two', lease)
    await a.revokeLease(lease)
    const { revision } = await a.transact(() => put(sampleUser(2)))
    await b.appliedAtLeast(revision)
    const gone = story.splice(3, 2)
    assert.deepEqual(new Set(gone), new Set(['ack/hsm-1 undefined', 'node/hsm-1 undefined']))
    assert.deepEqual(story, ['node/hsm-1 one', 'user/user-1', 'ack/hsm-1 two', 'user/user-2'])
    assert.equal(b.appliedRevision(), revision)
    assert.deepEqual(b.knownMembers('node/'), [])
  })

  it('knows the newest commit, of whichever node', async () => {
    const { revision } = await a.transact(() => put(sampleUser(1)))
    assert.equal(await b.newestCommit(), revision)
    await a.put('node/hsm-1', 'one', (await a.grantLease(30)).lease)
    assert.equal(await b.newestCommit(), revision)
  })

  it('refuses everything when it is closed', async () => {
    const waiting = a.appliedAtLeast(Number.MAX_SAFE_INTEGER)
    const refused = assert.rejects(waiting, { code: 'store-failure' })
    await a.close()
    await refused
    await assert.rejects(a.grantLease(3), { code: 'store-failure' })
    await assert.rejects(a.keepAlive('1'), { code: 'store-failure' })
    await assert.rejects(a.readMembers('node/'), { code: 'store-failure' })
    await assert.rejects(a.newestCommit(), { code: 'store-failure' })
  })
})
