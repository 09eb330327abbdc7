/** Commits whose answer is lost: whoever asked is told the truth, and nothing happens twice. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { CatalogView } from '../../src/catalog/catalog.ts'
import { type EtcdStore, etcdStore } from '../../src/store/etcd/etcd-store.ts'
import type { Change, Conclusion } from '../../src/store/store.ts'
import { etcdOptions, newClusterId, openEtcd } from '../contract/store-etcd.ts'
import { logged, put, sampleCluster, sampleKey, sampleUser } from '../contract/store-samples.ts'
import { type EtcdCluster, etcdctl, startEtcd } from '../support/etcd.ts'
import { type Breakage, startProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const counted = (view: CatalogView): Conclusion<number> => {
  const next = (view.cluster()?.nextReference ?? 0) + 1
  return { ...put(sampleCluster(next)), result: next }
}
const countedAndLogged = (view: CatalogView): Conclusion<number> => {
  const { writes, audit } = logged(view, 'hsm-1', 'key.generate')
  const count = counted(view)
  return { ...count, writes: [...count.writes, ...writes], audit }
}

describe('a commit whose answer is lost', () => {
  let etcd: EtcdCluster
  let proxy: TcpProxy
  let clusterId: string
  /** Behind the proxy, and beside it. */
  let store: EtcdStore
  let other: EtcdStore
  before(async () => {
    etcd = await startEtcd()
  })
  after(() => etcd.stop())
  beforeEach(async () => {
    clusterId = newClusterId()
    proxy = await startProxy(etcd.endpoints[0] ?? '')
    store = await etcdStore(etcdOptions([`http://127.0.0.1:${proxy.port}`], clusterId))
    other = await openEtcd(etcd.endpoints, clusterId)
    await store.transact(counted)
  })
  afterEach(async () => {
    await Promise.all([store.close(), other.close()])
    await proxy.close()
  })

  const broken = (breakage: Breakage) => proxy.breakAt('record/cluster/self', breakage)
  const countIn = async (view: EtcdStore) =>
    (await view.transact((catalog) => ({ ...put(), result: catalog.cluster()?.nextReference }))).result
  const nextChange = (watched: EtcdStore) =>
    new Promise<void>((resolve) => {
      const end = watched.subscribe(() => {
        end()
        resolve()
      })
    })
  const following = (watched: EtcdStore) =>
    new Promise<void>((resolve) => {
      if (watched.replicaState().state === 'following') resolve()
      else watched.subscribeReplicaState(({ state }) => state === 'following' && resolve())
    })

  for (const breakage of ['lost', 'unanswered', 'late'] as const) {
    it(`happens once when its request is ${breakage}`, async () => {
      const broke = broken(breakage)
      const underWay = store.transact(counted)
      await broke
      assert.equal((await underWay).result, 2)
      proxy.release()
      assert.equal(await countIn(store), 2)
      assert.equal(await countIn(other), 2)
    })

    it(`happens once when its request is ${breakage} and another node commits meanwhile`, async () => {
      const broke = broken(breakage)
      const underWay = store.transact(counted)
      await broke
      proxy.shut()
      const theirs = await other.transact(counted)
      proxy.open()
      const ours = await underWay
      proxy.release()
      assert.deepEqual(new Set([ours.result, theirs.result]), new Set([2, 3]))
      assert.equal(await countIn(store), 3)
      assert.equal(await countIn(other), 3)
    })
  }

  it('is told for what it is though the history is compacted meanwhile', async () => {
    for (const breakage of ['lost', 'unanswered'] as const) {
      const before = Number(await countIn(other))
      const bodies: number[] = []
      const broke = broken(breakage)
      const underWay = store.transact((view) => {
        const outcome = countedAndLogged(view)
        bodies.push(outcome.result)
        return outcome
      })
      const arrived = breakage === 'unanswered' && nextChange(other)
      await broke
      proxy.shut()
      await arrived
      await other.transact(counted)
      const { revision } = await other.transact(counted)
      await etcdctl(etcd.endpoints, 'compaction', String(revision))
      proxy.open()
      const { result } = await underWay
      assert.equal(result, breakage === 'unanswered' ? before + 1 : before + 3)
      assert.equal(bodies.length, breakage === 'unanswered' ? 1 : 2)
      assert.equal(await countIn(other), before + 3)
      assert.deepEqual(
        (await store.audit('hsm-1', 0, 10)).map(({ sequence }) => sequence),
        breakage === 'unanswered' ? [0, 1] : [0],
      )
    }
  })

  it('is not called stored nor refused when nothing can tell', async () => {
    const broke = broken('unanswered')
    const underWay = store.transact(counted)
    const refused = assert.rejects(underWay, { code: 'store-failure', message: /it is not known whether/ })
    const arrived = nextChange(other)
    await broke
    proxy.shut()
    await arrived
    await other.transact(counted)
    const { revision } = await other.transact(counted)
    await etcdctl(etcd.endpoints, 'compaction', String(revision))
    proxy.open()
    await refused
    assert.equal(await countIn(store), 4)
  })

  it('reports what happened while the watch was cut off and compacted, as changes', async () => {
    await other.transact(() => put(sampleUser(1), sampleUser(2), sampleUser(3)))
    await store.transact(counted)
    const seen: Change[] = []
    const states: string[] = []
    store.subscribe((changes) => seen.push(...changes))
    store.subscribeReplicaState(({ state }) => states.push(state))
    const lease = await other.grantLease(60)
    proxy.shut()
    await other.put('node/hsm-2', 'here', lease.lease)
    await other.transact(() => ({ ...put(sampleUser(1, { wrongPasswords: 1 })), result: undefined }))
    await other.transact(() => ({ ...put(), writes: [{ delete: 'user/user-2' }] }))
    await other.transact(() => put(sampleUser(4)))
    const { revision } = await other.transact(() => put(sampleUser(1, { wrongPasswords: 2 })))
    await etcdctl(etcd.endpoints, 'compaction', String(revision))
    proxy.open()
    await store.appliedAtLeast(revision)
    await following(store)
    assert.deepEqual(states, ['behind', 'following'])
    assert.deepEqual(
      seen.map(({ key, before, after, revision: at }) => ({ key, before, after, at })).toSorted(byKey),
      [
        {
          key: 'user/user-1',
          before: sampleUser(1),
          after: sampleUser(1, { wrongPasswords: 2 }),
          at: revision,
        },
        { key: 'user/user-2', before: sampleUser(2), after: undefined, at: revision },
        { key: 'user/user-4', before: undefined, after: sampleUser(4), at: revision },
      ],
    )
    assert.deepEqual(
      store.knownMembers('node/').map(({ value }) => value),
      ['here'],
    )
    assert.equal((await store.transact(counted)).result, 3)
    await other.revokeLease(lease.lease)
  })

  it('loses nothing while the watch is cut off, and takes more than fits into one message of etcd', async () => {
    const seen: (string | undefined)[] = []
    store.subscribe((changes) => seen.push(...changes.map(({ after }) => after?.id)))
    proxy.shut()
    let newest = 0
    for (let number = 1; number <= 5; number++) {
      newest = (await other.transact(() => put(sampleUser(number), large(number)))).revision
    }
    proxy.open()
    await store.appliedAtLeast(newest)
    const numbers = [1, 2, 3, 4, 5]
    assert.deepEqual(
      seen,
      numbers.flatMap((number) => [`user-${number}`, large(number).id]),
    )
    for (const number of numbers) assert.deepEqual(store.catalog.key(large(number).id), large(number))
  })

  it('is made at another endpoint when one swallows everything', async () => {
    const both = await etcdStore(
      etcdOptions([`http://127.0.0.1:${proxy.port}`, ...etcd.endpoints], clusterId),
    )
    assert.equal((await both.transact(counted)).result, 2)
    proxy.choke()
    assert.equal((await both.transact(counted)).result, 3)
    assert.equal(await countIn(other), 3)
    proxy.open()
    await both.close()
  })
})

const large = (number: number) => sampleKey(number, { label: String(number).repeat(900_000) })
const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1)
