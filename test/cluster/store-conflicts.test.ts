/** Several nodes that write to one etcd at the same time. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { CatalogView } from '../../src/catalog/catalog.ts'
import type { EtcdStore } from '../../src/store/etcd/etcd-store.ts'
import type { Change, Conclusion } from '../../src/store/store.ts'
import { newClusterId, openEtcd } from '../contract/store-etcd.ts'
import {
  contents,
  logged,
  put,
  reference,
  sampleCluster,
  sampleKey,
  sampleUser,
} from '../contract/store-samples.ts'
import { type EtcdCluster, startEtcd } from '../support/etcd.ts'

const counted = (view: CatalogView): Conclusion<number> => {
  const next = (view.cluster()?.nextReference ?? 0) + 1
  return { ...put(sampleCluster(next)), result: next }
}

describe('several stores on one etcd', () => {
  let etcd: EtcdCluster
  before(async () => {
    etcd = await startEtcd({ members: 3 })
  })
  after(() => etcd.stop())

  const withStores = async (count: number, body: (...stores: EtcdStore[]) => Promise<void>) => {
    const clusterId = newClusterId()
    const stores = await Promise.all(Array.from({ length: count }, () => openEtcd(etcd.endpoints, clusterId)))
    try {
      await body(...stores)
    } finally {
      await Promise.all(stores.map((store) => store.close()))
    }
  }

  it('are founded once, whoever comes first', () =>
    withStores(3, async (a, b, c) => {
      await a.transact(() => put(sampleUser(1)))
      const { result } = await c.transact((view) => ({ ...put(), result: view.user('user-1') }))
      assert.deepEqual(result, sampleUser(1))
      await b.appliedAtLeast((await a.transact(() => put())).revision)
      assert.deepEqual(contents(a.catalog), contents(b.catalog))
    }))

  it('lose no update of one record', () =>
    withStores(3, async (...stores) => {
      const all = stores.map(async (store) => {
        const numbers: number[] = []
        for (let round = 0; round < 40; round++) numbers.push((await store.transact(counted)).result)
        return numbers
      })
      const numbers = (await Promise.all(all)).flat()
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: 120 }, (_, at) => at + 1),
      )
    }))

  it('see the commits of all in the same order, each once and whole', () =>
    withStores(2, async (a, b) => {
      const histories = [a, b].map((store) => {
        const seen: (readonly Change[])[] = []
        store.subscribe((changes) => seen.push(changes))
        return seen
      })
      const both = (next: number) => put(sampleUser(1, { ordinal: next }), sampleUser(2, { ordinal: next }))
      const ends = [a, b].map(async (store, at) => {
        let last = 0
        for (let round = 0; round < 30; round++)
          last = (await store.transact(() => both(round * 2 + at))).revision
        return last
      })
      const newest = Math.max(...(await Promise.all(ends)))
      await Promise.all([a.appliedAtLeast(newest), b.appliedAtLeast(newest)])
      assert.deepEqual(histories[0], histories[1])
      for (const changes of histories[0] ?? []) assert.equal(changes.length, 2)
      assert.equal(histories[0]?.length, 60)
    }))

  it('end in the state that some order of their transactions gives, whatever they write', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) =>
        withStores(2, async (a, b) => {
          const settled = steps.map(({ store, first, second, move }) =>
            (store ? a : b).transact((view) => {
              const [from, to] = [balance(view, first), balance(view, second)]
              if (first === second || from < move) return put()
              return put(
                sampleUser(first, { wrongPasswords: from - move }),
                sampleUser(second, { wrongPasswords: to + move }),
              )
            }),
          )
          await Promise.all(settled)
          const { revision } = await a.transact(() => put())
          await b.appliedAtLeast(revision)
          assert.deepEqual(contents(a.catalog), contents(b.catalog))
          const sum = ACCOUNTS.reduce((total, account) => total + balance(a.catalog, account), 0)
          assert.equal(sum, START * ACCOUNTS.length)
        }),
      ),
      { numRuns: 20 },
    ))

  it('commit what is asked in one turn as one transaction, split where etcd needs it', () =>
    withStores(1, async (store) => {
      const few = await Promise.all(
        Array.from({ length: 60 }, (_, at) => store.transact(() => put(sampleKey(at)))),
      )
      assert.equal(new Set(few.map(({ revision }) => revision)).size, 1)
      const many = await Promise.all(
        Array.from({ length: 300 }, (_, at) => store.transact(() => put(sampleKey(at)))),
      )
      assert.equal(new Set(many.map(({ revision }) => revision)).size, 3)
      const label = 'A'.repeat(600_000)
      const large = await Promise.all(
        [1, 2, 3, 4].map((number) => store.transact(() => put(sampleKey(number, { label })))),
      )
      assert.equal(new Set(large.map(({ revision }) => revision)).size, 2)
    }))

  it('refuse a change that etcd could not take at once, and take the others of its turn', () =>
    withStores(1, async (store) => {
      const records = Array.from({ length: 128 }, (_, at) => sampleKey(at))
      const [before, many, large, behind] = await Promise.allSettled([
        store.transact(() => put(sampleUser(1))),
        store.transact(() => put(...records)),
        store.transact(() => put(sampleKey(1, { label: 'A'.repeat(1_600_000) }))),
        store.transact(() => put(sampleUser(2))),
      ])
      assert.deepEqual([before.status, behind.status], ['fulfilled', 'fulfilled'])
      assert.match(
        reason(many),
        /^The change is too large for etcd: 128 records and audit entries, .*127 at once/,
      )
      assert.match(reason(large), /^The change is too large for etcd: \d+ bytes, /)
      assert.equal(store.catalog.keyCount(), 0)
      await store.transact(() => put(...records.slice(1)))
      assert.equal(store.catalog.keyCount(), 127)
    }))

  it('keep the audit log of each HSM apart', () =>
    withStores(2, async (a, b) => {
      const write = async (store: EtcdStore, hsm: string) => {
        for (let round = 0; round < 15; round++)
          await store.transact((view) => logged(view, hsm, `op-${round}`))
      }
      await Promise.all([write(a, 'hsm-1'), write(b, 'hsm-2')])
      const { revision } = await b.transact(() => put())
      await a.appliedAtLeast(revision)
      for (const hsm of ['hsm-1', 'hsm-2']) {
        const entries = await a.audit(hsm, 0, 100)
        assert.deepEqual(
          entries.map(({ operation }) => operation),
          Array.from({ length: 15 }, (_, at) => `op-${at}`),
        )
      }
    }))

  it('open again with more records than one page of etcd holds', async () => {
    const clusterId = newClusterId()
    const store = await openEtcd(etcd.endpoints, clusterId)
    for (let page = 0; page < 20; page++) {
      const keys = Array.from({ length: 110 }, (_, at) => sampleKey(page * 110 + at))
      await store.transact(() => put(...keys))
    }
    await store.transact(() => ({ ...put(), writes: [{ delete: `key/${reference(7)}` }] }))
    const again = await openEtcd(etcd.endpoints, clusterId)
    assert.equal(again.catalog.keyCount(), 2199)
    assert.deepEqual(contents(again.catalog), contents(store.catalog))
    await Promise.all([store.close(), again.close()])
  })
})

const START = 5
const ACCOUNTS = [1, 2, 3]
const step = fc.record({
  store: fc.boolean(),
  first: fc.constantFrom(...ACCOUNTS),
  second: fc.constantFrom(...ACCOUNTS),
  move: fc.integer({ min: 1, max: 4 }),
})
const balance = (view: CatalogView, account: number): number =>
  view.user(`user-${account}`)?.wrongPasswords ?? START

const reason = (settled: PromiseSettledResult<unknown> | undefined): string =>
  settled?.status === 'rejected' ? settled.reason.message : ''
