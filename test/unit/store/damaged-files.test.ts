/** A file that is not what the store wrote is refused, with a word on what is wrong. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { markPath } from '../../../src/store/mark.ts'
import { sqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { contents } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore, optionsFor } from '../../contract/store-sqlite.ts'
import { damageTest, edit, flipped, isRefused, makeStore, pathIn } from './spoil.ts'

describe('a damaged file', () => {
  it('is refused at every length it can be cut to', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const path = pathIn(directory)
      const whole = readFileSync(path)
      for (const length of [0, 1, 50, 100, 2048, 4096, 4097, 8192, whole.length - 4096, whole.length - 1]) {
        writeFileSync(path, whole)
        truncateSync(path, length)
        isRefused(directory, /^The store file store\.db is (damaged|empty)/)
      }
    }))

  it('is refused at once when a pipe is in the place of its mark', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const mark = markPath(pathIn(directory))
      rmSync(mark)
      execFileSync('mkfifo', [mark])
      isRefused(directory, /^The store may be older .*: the file that would tell is damaged/)
    }))

  it('is refused when it is no database', () =>
    inTemporaryDirectory((directory) => {
      writeFileSync(pathIn(directory), 'not a database\n'.repeat(1000))
      isRefused(directory, /^The store file store\.db is damaged$/)
    }))

  it('is refused when it is the database of another program', () =>
    inTemporaryDirectory((directory) => {
      edit(directory, (database) => database.exec('PRAGMA user_version = 1; CREATE TABLE t (a)'))
      isRefused(directory, /^The store file store\.db is damaged: its tables are not those of a store$/)
    }))

  damageTest(
    'is refused with a trigger in it',
    (database) => database.exec('CREATE TRIGGER t AFTER UPDATE ON root BEGIN DELETE FROM record; END'),
    /its tables are not those of a store/,
  )

  damageTest(
    'is refused when its layout is a newer one',
    (database) => database.exec('PRAGMA user_version = 3'),
    /^The store file store\.db has layout 3, and this version of Strongroom reads layouts up to 2; start it with the version that it is of$/,
  )

  it('is refused when its index does not fit its table', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const bytes = readFileSync(pathIn(directory))
      const root = edit(directory, (database) =>
        database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_record_1'").get(),
      )?.['rootpage']
      const at = bytes.indexOf('user/user-1', (Number(root) - 1) * 4096)
      bytes.write('user/user-0', at)
      writeFileSync(pathIn(directory), bytes)
      isRefused(directory, /^The store file store\.db is damaged$/)
    }))

  it('is refused when only its log or its mark is left', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      rmSync(pathIn(directory))
      writeFileSync(`${pathIn(directory)}-wal`, 'anything')
      isRefused(directory, /^The store file store\.db is missing, but its log is there$/)
      rmSync(`${pathIn(directory)}-wal`)
      isRefused(directory, /^The store file store\.db is missing, but its mark is there$/)
      assert.deepEqual(readdirSync(directory), ['store.db-mark'])
    }))

  it('is either refused or read as it was, whichever bit of it is flipped', () =>
    inTemporaryDirectory(async (directory) => {
      const whole = await makeStore(directory)
      const bytes = readFileSync(pathIn(directory))
      let refused = 0
      for (let bit = 3; bit < bytes.length * 8; bit += 1213) {
        writeFileSync(pathIn(directory), flipped(bytes, bit))
        try {
          const store = openStore(directory)
          assert.deepEqual(contents(store.catalog), whole)
          await store.close()
        } catch (error) {
          assert.ok(error instanceof HsmError, `bit ${bit}: ${error}`)
          refused += 1
        }
      }
      assert.ok(refused > 10)
    }))
})

describe('a store opened with the wrong key', () => {
  const openWith = (changes: Partial<ReturnType<typeof optionsFor>>, message: RegExp) =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      assert.throws(() => sqliteStore({ ...optionsFor(directory), ...changes }), {
        code: 'store-damaged',
        message,
      })
      await openStore(directory).close()
    })
  const otherKey = createSealer(Buffer.alloc(32, 1), 'records', 'cluster-test2345abc')

  it('says that it is another master key', () =>
    openWith(
      { masterKeyCheck: '0011223344556677', sealer: otherKey },
      /was sealed under another master key$/,
    ))

  it('says that it is another cluster', () =>
    openWith({ clusterId: 'cluster-other234567' }, /^The store file store\.db belongs to another cluster$/))

  it('is refused even when the check value was replaced', () =>
    openWith({ sealer: otherKey }, /^The root record is damaged/))
})
