/** What every store must do, whatever it keeps its state in. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import type { CatalogView } from '../../src/catalog/catalog.ts'
import { DEFAULT_AUDIT_POLICY } from '../../src/contract/audit-policy.ts'
import { recordKey, type Write } from '../../src/model/records.ts'
import type { Change, Conclusion, Store } from '../../src/store/store.ts'
import { materialContract } from './store-material.ts'
import {
  contents,
  logged,
  put,
  reference,
  sampleCluster,
  sampleKey,
  sampleLogin,
  sampleUser,
} from './store-samples.ts'
import { commit } from './store-writes.ts'

export type StoreFixture = {
  /** Empty. */
  readonly store: Store
  remove(): void
}

/** `reopen` opens again what was closed. */
export type DurableFixture = StoreFixture & { reopen(): Promise<Store> }

const counted = (view: CatalogView): Conclusion<number> => {
  const next = (view.cluster()?.nextReference ?? 0) + 1
  return { ...put(sampleCluster(next)), result: next }
}
const readOnly = (view: CatalogView): Conclusion<number> => ({
  writes: [],
  audit: [],
  result: view.cluster()?.nextReference ?? 0,
})
const refusal = new Error('refused by the body')
const throwing = (): Conclusion<never> => {
  throw refusal
}
const removed = (
  ...keys: readonly Extract<Write, { delete: unknown }>['delete'][]
): Conclusion<undefined> => ({
  writes: keys.map((key) => ({ delete: key })),
  audit: [],
  result: undefined,
})

/** Records, and the material of each key. */
const everything = async (store: Store) => ({
  ...contents(store.catalog),
  materials: await Promise.all([...store.catalog.keys()].map((key) => store.material(recordKey(key)))),
})

export function storeContract(name: string, open: () => StoreFixture | Promise<StoreFixture>): void {
  describe(`store contract: ${name}`, () => {
    let fixture: StoreFixture
    let store: Store
    beforeEach(async () => {
      fixture = await open()
      store = fixture.store
    })
    afterEach(async () => {
      await store.close()
      fixture.remove()
    })

    it('has the writes of a body in its catalog when transact resolves', async () => {
      const { result } = await store.transact(() => ({ ...put(sampleUser(1), sampleKey(1)), result: 'done' }))
      assert.equal(result, 'done')
      assert.deepEqual(store.catalog.user('user-1'), sampleUser(1))
      assert.deepEqual(store.catalog.key(reference(1)), sampleKey(1))
    })

    it('writes nothing when the body throws, and passes on what it throws', async () => {
      const before = contents(store.catalog)
      await assert.rejects(store.transact(throwing), refusal)
      assert.deepEqual(contents(store.catalog), before)
    })

    it('lets a body that throws fail alone', async () => {
      const [first, failed, last] = await Promise.allSettled([
        store.transact(counted),
        store.transact(throwing),
        store.transact(counted),
      ])
      assert.equal(first.status === 'fulfilled' && first.value.result, 1)
      assert.equal(failed.status, 'rejected')
      assert.equal(last.status === 'fulfilled' && last.value.result, 2)
    })

    it('lets a body fail alone that needs a newer format than the cluster has', async () => {
      await store.transact(() => put({ ...sampleCluster(), minimumVersion: 2 }))
      const forbidding = { ...sampleCluster(), minimumVersion: 2, auditPolicy: DEFAULT_AUDIT_POLICY }
      const settled = await Promise.allSettled([
        store.transact(() => put(sampleUser(1))),
        store.transact(() => put(sampleUser(2), sampleLogin(1))),
        store.transact(() => put(forbidding)),
        store.transact(() => put(sampleUser(3))),
      ])
      const codes = settled.map((each) => each.status === 'rejected' && each.reason.code)
      assert.deepEqual(codes, [false, 'unavailable', 'unavailable', false])
      assert.deepEqual(store.catalog.users(), [sampleUser(1), sampleUser(3)])
      assert.equal(store.catalog.cluster()?.auditPolicy, undefined)
    })

    it('takes what the format holds that is raised just before', async () => {
      await store.transact(() => put({ ...sampleCluster(), minimumVersion: 2 }))
      await Promise.all([
        store.transact(() => put(sampleCluster())),
        store.transact(() => put(sampleLogin(1))),
      ])
      assert.deepEqual([...store.catalog.logins()], [sampleLogin(1)])
    })

    it('raises the revision with each commit that writes, and with nothing else', async () => {
      const { revision: start } = await store.transact(readOnly)
      const revisions = [start]
      for (let round = 0; round < 5; round++) revisions.push((await store.transact(counted)).revision)
      assert.deepEqual(
        revisions,
        [...new Set(revisions)].toSorted((a, b) => a - b),
      )
      assert.equal((await store.transact(readOnly)).revision, revisions.at(-1))
      assert.equal((await store.transact(() => removed('user/none'))).revision, revisions.at(-1))
    })

    it('commits in the order of the calls', async () => {
      const settled = await Promise.all(Array.from({ length: 50 }, () => store.transact(counted)))
      assert.deepEqual(
        settled.map(({ result }) => result),
        settled.map((_, at) => at + 1),
      )
      const revisions = settled.map(({ revision }) => revision)
      assert.deepEqual(
        revisions,
        revisions.toSorted((a, b) => a - b),
      )
    })

    it('lets no concurrent body miss the writes of another', async () => {
      const settled = await Promise.all(Array.from({ length: 200 }, () => store.transact(counted)))
      assert.deepEqual(new Set(settled.map(({ result }) => result)).size, 200)
      assert.equal(store.catalog.cluster()?.nextReference, 200)
    })

    it('shows a reader the writes of those who called before it', async () => {
      const writing = store.transact(counted)
      const reading = store.transact(readOnly)
      assert.equal((await reading).result, 1)
      assert.equal((await reading).revision, (await writing).revision)
    })

    it('never shows a part of a commit', async () => {
      const end = new AbortController()
      const both = (next: number) => put(sampleUser(1, { ordinal: next }), sampleUser(2, { ordinal: next }))
      const watch = (async () => {
        while (!end.signal.aborted) {
          assert.equal(store.catalog.user('user-1')?.ordinal, store.catalog.user('user-2')?.ordinal)
          await new Promise(setImmediate)
        }
      })()
      for (let round = 0; round < 20; round++) {
        await Promise.all(Array.from({ length: 5 }, (_, at) => store.transact(() => both(round * 5 + at))))
      }
      end.abort()
      await watch
    })

    it('tells subscribers every change, in order, when the catalog has it and transact has not resolved', async () => {
      const seen: { change: Change; resolved: boolean }[] = []
      let resolved = false
      store.subscribe((changes) => {
        for (const change of changes) seen.push({ change, resolved })
        assert.deepEqual(store.catalog.user('user-1'), changes.at(-1)?.after)
      })
      const { revision } = await store.transact(() => put(sampleUser(1))).finally(() => (resolved = true))
      const second = await store.transact(() => put(sampleUser(1, { wrongPasswords: 3 })))
      const third = await store.transact(() => removed('user/user-1'))
      const [one, three] = [sampleUser(1), sampleUser(1, { wrongPasswords: 3 })]
      assert.equal(seen[0]?.resolved, false)
      assert.deepEqual(
        seen.map(({ change }) => change),
        [
          { revision, key: 'user/user-1', before: undefined, after: one },
          { revision: second.revision, key: 'user/user-1', before: one, after: three },
          { revision: third.revision, key: 'user/user-1', before: three, after: undefined },
        ],
      )
    })

    it('tells subscribers of concurrent commits once for each revision', async () => {
      const revisions: number[] = []
      store.subscribe((changes) => revisions.push(...new Set(changes.map((change) => change.revision))))
      const settled = await Promise.all(Array.from({ length: 30 }, () => store.transact(counted)))
      assert.deepEqual(revisions, [...new Set(settled.map(({ revision }) => revision))])
    })

    it('counts what one commit does to a record as one change, and what changes nothing as none', async () => {
      const seen: Change[] = []
      const end = store.subscribe((changes) => seen.push(...changes))
      const again = sampleUser(1, { wrongPasswords: 1 })
      await store.transact(() => put(sampleUser(1), again))
      await store.transact(() => ({ ...put(), writes: [{ put: sampleUser(2) }, { delete: 'user/user-2' }] }))
      await store.transact(() => removed('user/none'))
      assert.deepEqual(
        seen.map(({ key, before, after }) => ({ key, before, after })),
        [{ key: 'user/user-1', before: undefined, after: again }],
      )
      assert.equal(store.catalog.userCount(), 1)
      end()
      await store.transact(() => put(sampleUser(3)))
      assert.equal(seen.length, 1)
    })

    it('keeps an audit log for each HSM, in the commit of the records', async () => {
      const operations = ['login', 'key.share', 'key.unshare', 'logout']
      await Promise.all(
        operations.map((operation) => store.transact((view) => logged(view, 'hsm-1', operation))),
      )
      const other = await store.transact((view) => logged(view, 'hsm-2', 'login'))
      const names = async (first: number, count: number) =>
        (await store.audit('hsm-1', first, count)).map(({ operation }) => operation)
      assert.deepEqual(await names(0, 100), operations)
      assert.deepEqual(await names(1, 2), ['key.share', 'key.unshare'])
      assert.deepEqual(await names(4, 10), [])
      assert.deepEqual(await store.audit('hsm-2', 0, 10), [other.result])
      assert.deepEqual(await store.audit('hsm-3', 0, 10), [])
    })

    materialContract(() => store)

    it('finishes what is under way when it is closed, and refuses everything after', async () => {
      const underWay = store.transact(counted)
      await store.close()
      assert.equal((await underWay).result, 1)
      await assert.rejects(store.transact(readOnly), { code: 'store-failure' })
      await assert.rejects(store.audit('hsm-1', 0, 1), { code: 'store-failure' })
      await assert.rejects(async () => store.material('key/0x1'), { code: 'store-failure' })
      await store.close()
    })
  })
}

/** What a store must do besides, when its state is to outlive the process. */
export function durableStoreContract(
  name: string,
  open: () => DurableFixture | Promise<DurableFixture>,
): void {
  describe(`durable store contract: ${name}`, () => {
    it('is the same when it is opened again', async () => {
      const { store: first, reopen, remove } = await open()
      let store = first
      await fc.assert(
        fc.asyncProperty(fc.array(commit, { maxLength: 8 }), async (commits) => {
          await Promise.all(commits.map((body) => store.transact(body)))
          const entry = await store.transact((view) => logged(view, 'hsm-1', 'user.create'))
          const before = await everything(store)
          await store.close()
          store = await reopen()
          assert.deepStrictEqual(await everything(store), before)
          assert.equal((await store.transact(readOnly)).revision, entry.revision)
          assert.deepStrictEqual(await store.audit('hsm-1', entry.result.sequence, 10), [entry.result])
        }),
        { numRuns: 25 },
      )
      await store.close()
      remove()
    })
  })
}
