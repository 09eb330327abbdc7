/** Rows that someone has written to behind the store's back are refused, with a word on what is wrong. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type KeyRecord, recordKey, type Write } from '../../../src/model/records.ts'
import { contents, logged, put, sampleKey, sampleLogin } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore } from '../../contract/store-sqlite.ts'
import { damageTest, edit, flipped, isRefused, makeStore, rowsOf, setRow } from './spoil.ts'

/** Bits at the start, in the middle and at the end. */
const placesIn = (bytes: Uint8Array): readonly number[] => {
  const bits = bytes.length * 8
  return [0, 9, 100, bits >> 1, bits - 130, bits - 1]
}

describe('a damaged row', () => {
  it('is named, whichever row and bit it is', () =>
    inTemporaryDirectory(async (directory) => {
      const whole = await makeStore(directory)
      const rows = edit(directory, rowsOf)
      assert.equal(rows.length, 6)
      for (const row of rows) {
        for (const bit of placesIn(row.sealed)) {
          edit(directory, (database) => setRow(database, { ...row, sealed: flipped(row.sealed, bit) }))
          isRefused(directory, new RegExp(`^Record ${row.key} is damaged: it was changed or moved$`))
        }
        edit(directory, (database) => setRow(database, row))
      }
      const store = openStore(directory)
      assert.deepEqual(contents(store.catalog), whole)
      await store.close()
    }))

  damageTest(
    'is named when its seal is cut short',
    (database) => setRow(database, { key: 'user/user-1', revision: 1, sealed: Buffer.from([1, 2]) }),
    /^Record user\/user-1 is damaged/,
  )

  damageTest(
    'is named when its revision was changed',
    (database) => database.exec("UPDATE record SET revision = 2 WHERE key = 'user/user-1'"),
    /^Record user\/user-1 is damaged/,
  )

  damageTest(
    'is named when its revision lies in the future',
    (database) => database.exec("UPDATE record SET revision = 99 WHERE key = 'user/user-1'"),
    /^Record user\/user-1 is newer than the root record/,
  )

  for (const revision of ['-1', '9007199254740993', '-9223372036854775808']) {
    damageTest(
      `is named when its revision is ${revision}`,
      (database) => database.exec(`UPDATE record SET revision = ${revision} WHERE key = 'user/user-1'`),
      /^Record user\/user-1 is (damaged|newer)/,
    )
  }

  damageTest(
    'is named when it was given another key',
    (database) => database.exec("UPDATE record SET key = 'user/user-9' WHERE key = 'user/user-1'"),
    /^Record user\/user-9 is damaged/,
  )

  damageTest(
    'is shown without control characters',
    (database) => setRow(database, { key: 'user/\u001b[2J\n', revision: 1, sealed: Buffer.alloc(40) }),
    /^Record user\/\ufffd\[2J\ufffd is damaged/,
  )

  damageTest(
    'is named when it holds the blob of another',
    (database) => {
      const [first, second] = rowsOf(database).filter(({ key }) => key.startsWith('key/'))
      assert.ok(first && second)
      setRow(database, { ...first, sealed: second.sealed })
      setRow(database, { ...second, sealed: first.sealed })
    },
    /^Record key\/0x000000000000000[12] is damaged/,
  )

  damageTest(
    'is named when it is a copy under another key',
    (database) => {
      const row = rowsOf(database).find(({ key }) => key === 'user/user-1')
      assert.ok(row)
      setRow(database, { ...row, key: 'user/user-3' })
    },
    /^Record user\/user-3 is damaged/,
  )
})

describe('a set of rows that is not the newest', () => {
  for (const key of ['cluster/self', 'user/user-1', 'key/0x0000000000000001', 'audit-head/hsm-1']) {
    damageTest(
      `is refused when ${key} is missing`,
      (database) => database.prepare('DELETE FROM record WHERE key = ?').run(key),
      /^The store is damaged: records are missing \(1\)$/,
    )
  }

  damageTest(
    'is refused when all records are missing',
    (database) => database.exec('DELETE FROM record'),
    /records are missing \(6\)/,
  )

  /** Changes a store, then puts rows of its older self back. */
  const restoreTest = (
    name: string,
    changed: readonly KeyRecord[],
    removed: readonly string[],
    message: RegExp,
  ) =>
    it(name, () =>
      inTemporaryDirectory(async (directory) => {
        await makeStore(directory)
        const older = edit(directory, rowsOf)
        const store = openStore(directory)
        const deletes = removed.map((key) => ({ delete: key as `user/${string}` }))
        await store.transact(() => ({ ...put(), writes: [...put(...changed).writes, ...deletes] }))
        await store.close()
        const keys = [...changed.map(({ kind, id }) => `${kind}/${id}`), ...removed]
        edit(directory, (database) => {
          for (const row of older.filter(({ key }) => keys.includes(key))) setRow(database, row)
        })
        isRefused(directory, message)
      }),
    )

  restoreTest(
    'is refused when a row is from an older copy',
    [sampleKey(1, { sharedWith: [], label: 'changed' })],
    [],
    /^The store is damaged: a record is older than it should be/,
  )

  restoreTest(
    'is refused when a deleted record is back, which is named',
    [],
    ['user/user-2'],
    /^The store is damaged: record user\/user-2 was deleted and has been put back from an older copy$/,
  )

  restoreTest(
    'is refused when several deleted records are back',
    [],
    ['user/user-1', 'user/user-2'],
    /^The store is damaged: records were put back from an older copy \(2\)$/,
  )

  it('is refused before all of it is in memory when it has everything that there ever was', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const logins = Array.from({ length: 1500 }, (_, at) => sampleLogin(at + 1))
      const change = async (writes: readonly Write[]) => {
        const store = openStore(directory)
        await store.transact(() => ({ ...put(), writes }))
        await store.close()
        return edit(directory, rowsOf)
      }
      const older = await change(put(...logins).writes)
      await change(logins.map((login) => ({ delete: recordKey(login) })))
      edit(directory, (database) => {
        for (const row of older.filter(({ key }) => key.startsWith('login/'))) setRow(database, row)
      })
      isRefused(directory, /^The store is damaged: records were put back from an older copy \(1001\)$/)
    }))

  it('is refused when only the root record is from an older copy', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const older = edit(
        directory,
        (database) => database.prepare('SELECT sealed FROM root').get()?.['sealed'],
      )
      const store = openStore(directory)
      await store.transact(() => put(sampleKey(3)))
      await store.close()
      edit(directory, (database) => database.prepare('UPDATE root SET sealed = ?').run(older as Uint8Array))
      isRefused(directory, /^Record key\/0x0000000000000003 is newer than the root record/)
    }))

  damageTest(
    'is refused without its root record',
    (database) => database.exec('DELETE FROM root'),
    /^The root record is missing$/,
  )

  damageTest(
    'is refused when the root record was changed',
    (database) => database.exec('UPDATE root SET sealed = zeroblob(64)'),
    /^The root record is damaged/,
  )
})

describe('a damaged audit log', () => {
  const openLog = async (directory: string, spoil: string) => {
    await makeStore(directory)
    edit(directory, (database) => database.exec(spoil))
    return openStore(directory)
  }
  const cases = [
    ['an entry is missing', 'DELETE FROM audit WHERE sequence = 0', /^Audit entry hsm-1\/0 is missing$/],
    ['the newest is missing', 'DELETE FROM audit WHERE sequence = 1', /^Audit entry hsm-1\/1 is missing$/],
    ['an entry was changed', 'UPDATE audit SET sealed = zeroblob(99)', /^Audit entry hsm-1\/0 is damaged/],
    [
      'entries changed places',
      'UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE sequence = 1) WHERE sequence = 0',
      /^Audit entry hsm-1\/0 is damaged/,
    ],
  ] as const
  for (const [name, spoil, message] of cases) {
    it(`says which entry it is when ${name}`, () =>
      inTemporaryDirectory(async (directory) => {
        const store = await openLog(directory, spoil)
        await assert.rejects(store.audit('hsm-1', 0, 10), { code: 'store-damaged', message })
        await store.close()
      }))
  }

  it('does not take an entry for one of its own that it has not written yet', () =>
    inTemporaryDirectory(async (directory) => {
      const planted = 'INSERT INTO audit SELECT hsm, 2, sealed FROM audit WHERE sequence = 1'
      const store = await openLog(directory, planted)
      assert.equal((await store.audit('hsm-1', 0, 10)).length, 2)
      const { result } = await store.transact((view) => logged(view, 'hsm-1', 'logout'))
      assert.deepEqual(await store.audit('hsm-1', 2, 1), [result])
      await store.close()
    }))
})
