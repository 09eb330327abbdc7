/** The material of keys: what every store must do with it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { recordKey, type Write } from '../../src/model/records.ts'
import type { Store } from '../../src/store/store.ts'
import { contents, put, sampleKey, write } from './store-samples.ts'

const KEY = sampleKey(1)
const AT = recordKey(KEY)
const SEALED = 'c2VhbGVkIG1hdGVyaWFs'

/** @param opened the store of the test that runs */
export function materialContract(opened: () => Store): void {
  const commit = (...writes: readonly Write[]) => opened().transact(() => ({ ...put(), writes }))

  it('has the material of a key that was put with it, and keeps it out of the catalog and of what subscribers are told', async () => {
    const store = opened()
    const told: unknown[] = []
    store.subscribe((changes) => told.push(...changes.flatMap(({ before, after }) => [before, after])))
    await commit(write(KEY, SEALED))
    assert.equal(await store.material(AT), SEALED)
    assert.deepEqual(store.catalog.key(KEY.id), KEY)
    assert.ok(!JSON.stringify([[...store.catalog.records()], told]).includes(SEALED))
  })

  it('keeps the material of a key that is written without any, in a commit of its own and in the same group', async () => {
    const store = opened()
    const other = sampleKey(2)
    await Promise.all([
      commit(write(KEY, SEALED), write(other)),
      commit({ put: { ...KEY, label: 'second' } }),
    ])
    assert.equal(await store.material(AT), SEALED)
    await Promise.all([
      commit({ put: { ...KEY, label: 'third' } }),
      commit({ put: { ...KEY, label: 'fourth' } }),
    ])
    assert.equal(store.catalog.key(KEY.id)?.label, 'fourth')
    assert.equal(await store.material(AT), SEALED)
    await commit(write(KEY, 'b3RoZXI='))
    assert.equal(await store.material(AT), 'b3RoZXI=')
    await commit(write(KEY, 'dGhpcmQ='), { put: { ...KEY, label: 'fifth' } })
    assert.equal(await store.material(AT), 'dGhpcmQ=')
  })

  it('has none of a key that is not there any more', async () => {
    const store = opened()
    await commit(write(KEY, SEALED))
    await commit({ delete: AT })
    await assert.rejects(async () => store.material(AT), { code: 'revoked' })
    await commit(write(KEY, 'b3RoZXI='))
    assert.equal(await store.material(AT), 'b3RoZXI=')
  })

  it('refuses a key that is new and comes without material, whatever else the commit does', async () => {
    const store = opened()
    await commit(write(KEY, SEALED))
    const before = contents(store.catalog)
    const bare = { put: sampleKey(2) }
    for (const writes of [[bare], [write(sampleKey(3)), bare], [{ delete: AT } as const, { put: KEY }]])
      await assert.rejects(commit(...writes), /has no material/)
    assert.deepEqual(contents(store.catalog), before)
    assert.equal(await store.material(AT), SEALED)
  })
}
