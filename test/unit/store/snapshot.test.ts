/** A store that is opened with its snapshot is what it is without. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  contents,
  put,
  reference,
  sampleCluster,
  sampleKey,
  sampleUser,
} from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore } from '../../contract/store-sqlite.ts'
import {
  isUsed,
  KEYS,
  makeStore,
  openedWithout,
  openWith,
  puts,
  records,
  snapshotIn,
  write,
} from './snapshots.ts'

describe('the snapshot of a store', () => {
  it('has every record as the store has it, and nobody else may read it', () =>
    inTemporaryDirectory(async (directory) => {
      const made = await makeStore(directory)
      assert.deepEqual(await openedWithout(directory), made)
      await isUsed(directory, 0)
      assert.equal(statSync(snapshotIn(directory)).mode & 0o777, 0o600)
      const file = readFileSync(snapshotIn(directory), 'latin1')
      for (const secret of ['user-1', 'argon2id', 'label', 'bWF0ZXJpYWw']) assert.ok(!file.includes(secret))
    }))

  it('is not kept of few records, and not left there when they have become few', () =>
    inTemporaryDirectory(async (directory) => {
      const { store } = openWith(directory)
      await write(store, ...puts(sampleCluster(), sampleUser(1)))
      await store.close()
      assert.ok(!existsSync(snapshotIn(directory)))
      const many = openWith(directory)
      await write(many.store, ...puts(...records()))
      await many.store.close()
      assert.ok(existsSync(snapshotIn(directory)))
      const fewer = openWith(directory)
      await write(
        fewer.store,
        ...Array.from({ length: KEYS }, (_, at) => ({ delete: `key/${reference(at + 1)}` as const })),
      )
      await fewer.store.close()
      assert.ok(!existsSync(snapshotIn(directory)))
    }))

  it('is not needed, nor is it missed', () =>
    inTemporaryDirectory(async (directory) => {
      const made = await makeStore(directory)
      rmSync(snapshotIn(directory))
      const { store, lines } = openWith(directory)
      assert.deepEqual(contents(store.catalog), made)
      assert.deepEqual(lines, [])
      await store.close()
      await isUsed(directory, 0)
    }))

  it('need not be the newest: what has changed since is read', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const store = openStore(directory)
      await store.transact(() => put(sampleKey(3, { label: 'changed' }), sampleKey(7777)))
      await store.transact(() => ({
        writes: [{ delete: `key/${reference(4)}` }],
        audit: [],
        result: undefined,
      }))
      await store.close()
      await isUsed(directory, 3)
      await isUsed(directory, 0)
    }))

  it('is written anew when something has been added for more than a day, so that it does not keep what is gone', (t) =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const before = readFileSync(snapshotIn(directory))
      const unchanged = openWith(directory)
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 25 * 3600 * 1000 })
      await unchanged.store.close()
      assert.ok(readFileSync(snapshotIn(directory)).equals(before))
      for (const label of ['one', 'two']) {
        const { store } = openWith(directory)
        await write(store, ...puts(sampleKey(3, { label })))
        await store.close()
      }
      const after = readFileSync(snapshotIn(directory))
      assert.ok(!after.subarray(0, 200).equals(before.subarray(0, 200)))
      await isUsed(directory, 0)
    }))

  it('is written at a stop when that takes no longer than a stop may, and otherwise the log says that it is not', (t) =>
    inTemporaryDirectory(async (directory) => {
      let now = 0
      let ms = 3000
      t.mock.method(performance, 'now', () => {
        now += ms
        return now
      })
      const { store, lines } = openWith(directory)
      await write(store, ...puts(...records()))
      await store.close()
      assert.deepEqual(
        readdirSync(directory).filter((name) => name.startsWith('snapshot')),
        [],
      )
      assert.deepEqual(
        lines.map(({ level, message }) => [level, message]),
        [['warn', 'no snapshot is written: the next start will take longer']],
      )
      ms = 300
      const again = openWith(directory)
      await again.store.close()
      assert.deepEqual(again.lines, [])
      await isUsed(directory, 0)
    }))

  it('is added to at a stop, not written anew', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const before = readFileSync(snapshotIn(directory))
      const { store } = openWith(directory)
      await write(store, ...puts(sampleKey(3, { label: 'changed' })))
      await store.close()
      const after = readFileSync(snapshotIn(directory))
      assert.ok(after.length > before.length)
      assert.ok(after.subarray(0, before.length).equals(before))
      await isUsed(directory, 0)
    }))
})
