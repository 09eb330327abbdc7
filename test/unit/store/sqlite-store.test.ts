import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { commitFailure } from '../../../src/store/sqlite/failures.ts'
import { sqliteStore, storeIdentity } from '../../../src/store/sqlite/sqlite-store.ts'
import { contents, put, sampleKey, sampleUser } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore, optionsFor } from '../../contract/store-sqlite.ts'
import { edit, pathIn, rowsOf } from './spoil.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('SQLite store on disk', () => {
  it('is readable by nobody else', () =>
    inTemporaryDirectory(async (directory) => {
      chmodSync(directory, 0o755)
      const store = openStore(directory)
      await store.transact(() => put(sampleUser(1)))
      assert.equal(modeOf(directory), '700')
      assert.deepEqual(
        readdirSync(directory).map((file) => [file, modeOf(join(directory, file))]),
        [
          ['store.db', '600'],
          ['store.db-mark', '600'],
          ['store.db-wal', '600'],
        ],
      )
      await store.close()
    }))

  it('takes back a mode that lets others read it', () =>
    inTemporaryDirectory(async (directory) => {
      await openStore(directory).close()
      chmodSync(pathIn(directory), 0o644)
      await openStore(directory).close()
      assert.equal(modeOf(pathIn(directory)), '600')
    }))

  it('is one file and its mark after it is closed', () =>
    inTemporaryDirectory(async (directory) => {
      const store = openStore(directory)
      await store.transact(() => put(sampleUser(1)))
      await store.close()
      assert.deepEqual(readdirSync(directory), ['store.db', 'store.db-mark'])
    }))

  it('holds nothing that can be read', () =>
    inTemporaryDirectory(async (directory) => {
      const store = openStore(directory)
      await store.transact(() => put(sampleUser(1, { username: 'plainly_visible' })))
      await store.close()
      assert.equal(readFileSync(pathIn(directory)).includes('plainly_visible'), false)
    }))

  it('wipes what is deleted', () =>
    inTemporaryDirectory(async (directory) => {
      const store = openStore(directory)
      await store.transact(() => put(sampleKey(1, { label: 'A'.repeat(9000) })))
      await store.close()
      const [row] = edit(directory, rowsOf)
      assert.ok(row)
      const traces = [row.sealed.subarray(0, 64), row.sealed.subarray(-64)]
      const found = () => traces.map((trace) => readFileSync(pathIn(directory)).includes(trace))
      assert.deepEqual(found(), [true, true])
      const again = openStore(directory)
      await again.transact(() => ({ ...put(), writes: [{ delete: 'key/0x0000000000000001' }] }))
      await again.close()
      assert.deepEqual(found(), [false, false])
    }))

  it('is for one process, and one store in it', () =>
    inTemporaryDirectory(async (directory) => {
      const store = openStore(directory)
      const inUse = { code: 'store-failure', message: 'The data directory is in use by another process' }
      assert.throws(() => openStore(directory), inUse)
      assert.throws(() => storeIdentity(pathIn(directory)), inUse)
      await store.close()
      await openStore(directory).close()
    }))

  it('says which cluster it belongs to, when there is one', () =>
    inTemporaryDirectory(async (directory) => {
      const { path, clusterId, masterKeyCheck } = optionsFor(directory)
      assert.equal(storeIdentity(path), undefined)
      await openStore(directory).close()
      assert.deepEqual(storeIdentity(path), { clusterId, masterKeyCheck })
    }))

  it('says that it cannot be opened and why, without the path', () =>
    inTemporaryDirectory((directory) => {
      const options = optionsFor(directory)
      const refused = (path: string, why: string) =>
        assert.throws(() => sqliteStore({ ...options, path }), {
          code: 'store-failure',
          message: `The store file store.db cannot be opened: ${why}`,
        })
      refused(join(directory, 'none', 'store.db'), 'no such file or directory')
      mkdirSync(options.path)
      refused(options.path, 'it is a directory')
    }))

  it('changes nothing when a record cannot be sealed, and goes on', () =>
    inTemporaryDirectory(async (directory) => {
      const { sealer, ...options } = optionsFor(directory)
      const failing = new Set<string>()
      const store = sqliteStore({
        ...options,
        sealer: {
          ...sealer,
          seal(plaintext, context) {
            if (failing.has(context)) throw new Error('no seal')
            return sealer.seal(plaintext, context)
          },
        },
      })
      await store.transact(() => put(sampleUser(1)))
      const before = contents(store.catalog)
      failing.add('user/user-2\n2')
      const refused = store.transact(() => put(sampleUser(1, { wrongPasswords: 5 }), sampleUser(2)))
      await assert.rejects(refused, {
        code: 'store-failure',
        message: 'The change could not be stored; nothing was changed',
      })
      assert.deepEqual(contents(store.catalog), before)
      failing.clear()
      assert.equal((await store.transact(() => put(sampleUser(3)))).revision, 2)
      const whole = contents(store.catalog)
      await store.close()
      const again = openStore(directory)
      assert.deepEqual(contents(again.catalog), whole)
      await again.close()
    }))
})

describe('a failed COMMIT', () => {
  const failed = (errcode: number) => commitFailure(Object.assign(new Error('commit'), { errcode }))

  it('is sure to have left nothing when the data could not be written', () => {
    for (const errcode of [5, 7, 13, 778]) assert.equal(failed(errcode).fatal, false)
    assert.equal(failed(13).error.message, 'The disk is full; nothing was changed')
  })

  it('is not sure of anything after a failed fsync or an error of another kind', () => {
    for (const errcode of [1034, 1290, 266, 10, 11, 21]) {
      const { error, fatal } = failed(errcode)
      assert.equal(fatal, true)
      assert.equal(error.message, 'It is not known whether a change was stored; restart the HSM')
    }
  })
})
