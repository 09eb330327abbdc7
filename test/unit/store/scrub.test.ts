/** Rows that a start with a snapshot does not read are read afterwards: what became of one is found although nobody uses it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { recordKey } from '../../../src/model/records.ts'
import { startScrub } from '../../../src/store/sqlite/scrub.ts'
import { MATERIAL, put, reference, sampleKey } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore } from '../../contract/store-sqlite.ts'
import { isUsed, KEYS, makeStore, openWith, snapshotIn } from './snapshots.ts'
import { edit } from './spoil.ts'

const KEY = recordKey(sampleKey(1))
const LAST = recordKey(sampleKey(KEYS))
const CHANGED = 'is damaged: it was changed or moved'
const MISSING = 'is missing, or not as it was written'
const READ = 'every record in the store has been read, and is what was written'
const REFUSES = 'the store is damaged: this HSM serves no more'

/** Nothing takes any time: all that is to be read is read in one stretch. */
const inDirectory = (t: TestContext, body: (directory: string) => Promise<void>): Promise<void> => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => 0)
  return inTemporaryDirectory(body).finally(() => t.mock.timers.reset())
}

const letItRead = (t: TestContext): void => t.mock.timers.tick(24)

describe('a store that was opened with its snapshot', () => {
  const cases = [
    ['the bytes of its first key were changed', KEY, 'sealed = zeroblob(length(sealed))', CHANGED],
    ['those of its last key were', LAST, 'sealed = zeroblob(length(sealed))', CHANGED],
    ['those of a user were', 'user/user-2', 'sealed = zeroblob(length(sealed))', CHANGED],
    ['a row has another revision', KEY, 'revision = 2', MISSING],
    ['a row has a revision that there cannot be', KEY, 'revision = 9223372036854775807', MISSING],
    ['a row is that of another record', KEY, `key = 'key/0x00'`, MISSING],
  ] as const
  for (const [what, spoiled, spoil, why] of cases) {
    it(`refuses to go on when ${what}, and does not begin again`, (t) =>
      inDirectory(t, async (directory) => {
        await makeStore(directory)
        edit(directory, (database) => database.exec(`UPDATE record SET ${spoil} WHERE key = '${spoiled}'`))
        const { store, lines } = openWith(directory)
        assert.deepEqual(
          lines.map(({ level }) => level),
          ['info'],
          'the snapshot was used',
        )
        const other = recordKey(sampleKey(7))
        assert.equal(store.material(other), MATERIAL)
        store.check()
        letItRead(t)
        const [, line, ...more] = lines
        assert.deepEqual(more, [])
        assert.equal(line?.level, 'error')
        assert.equal(line?.message, REFUSES)
        const { code, message } = line['err'] as HsmError
        assert.equal(code, 'store-damaged')
        assert.equal(message, `Record ${spoiled} ${why}`)
        const before = store.catalog.key(reference(5))
        await assert.rejects(
          store.transact(() => put(sampleKey(5, { label: 'new' }))),
          { code, message },
        )
        assert.equal(store.catalog.key(reference(5)), before)
        for (const use of [() => store.material(other), store.check]) assert.throws(use, { code, message })
        await assert.rejects(store.audit('hsm-1', 0, 1), { code, message })
        await store.close()
        assert.ok(!existsSync(snapshotIn(directory)))
        for (const open of [openWith, openStore]) assert.throws(() => open(directory), { code })
      }))
  }

  it('is read to its end while it changes, and goes on when all is well', (t) =>
    inDirectory(t, async (directory) => {
      await makeStore(directory)
      const { store, lines } = openWith(directory)
      await store.transact(() => ({
        writes: [
          { delete: `key/${reference(KEYS)}` },
          ...put(sampleKey(3, { label: 'new' }), sampleKey(9999)).writes,
        ],
        audit: [],
        result: undefined,
      }))
      letItRead(t)
      assert.equal(lines[1]?.message, READ)
      assert.ok(Number(lines[1]['records']) > KEYS)
      await store.transact(() => put(sampleKey(5, { label: 'new' })))
      assert.equal(store.material(KEY), MATERIAL)
      await store.close()
      assert.equal(lines.length, 2)
      await isUsed(directory, 0)
    }))

  it('is not read any more when it is closed', (t) =>
    inDirectory(t, async (directory) => {
      await makeStore(directory)
      const { store, lines } = openWith(directory)
      await store.close()
      t.mock.timers.tick(600_000)
      assert.equal(lines.length, 1)
    }))

  it('is not read again when the start has read all of it', (t) =>
    inDirectory(t, async (directory) => {
      const { store, lines } = openWith(directory)
      await store.transact(() => put(sampleKey(1)))
      t.mock.timers.tick(600_000)
      assert.deepEqual(lines, [])
      await store.close()
    }))
})

describe('reading all records', () => {
  const failure = new HsmError('store-failure')
  const records = (count: number) => new Map(Array.from({ length: count }, (_, at) => [String(at), at]))

  /** Nothing takes any time but what `check` is said to take. */
  function started(t: TestContext, count: number, check: (asked: readonly string[]) => number) {
    let now = 0
    t.mock.timers.enable({ apis: ['setTimeout'] })
    t.mock.method(performance, 'now', () => now)
    const asked: string[] = []
    const lines: string[] = []
    const stop = startScrub({
      records: records(count),
      check(key) {
        asked.push(key)
        now += check(asked)
      },
      log: (level) => lines.push(level),
    })
    return { asked, lines, stop }
  }

  it('goes on with the same record after one could not be read, and tells it once', (t) => {
    const { asked, lines } = started(t, 3, ({ length }) => {
      if (length === 2 || length === 3) throw failure
      return 0
    })
    t.mock.timers.tick(24)
    assert.equal(asked.length, 2)
    assert.deepEqual(lines, ['warn'])
    t.mock.timers.tick(59_000)
    assert.equal(asked.length, 2)
    for (let minute = 0; minute < 3; minute++) t.mock.timers.tick(60_000)
    const [first, second, ...more] = asked
    assert.deepEqual(more, [second, second, more.at(-1)])
    assert.deepEqual(new Set([first, second, more.at(-1)]), new Set(records(3).keys()))
    assert.deepEqual(lines, ['warn', 'info'])
  })

  it('takes a millisecond at a time, rests 24 times as long as that took, and leaves none out', (t) => {
    const count = 40
    const { asked, lines } = started(t, count, ({ length }) => (length === 11 ? 50 : 0.25))
    t.mock.timers.tick(23)
    assert.equal(asked.length, 0)
    t.mock.timers.tick(1)
    assert.equal(asked.length, 4)
    t.mock.timers.tick(24)
    assert.equal(asked.length, 8)
    t.mock.timers.tick(24)
    assert.equal(asked.length, 11)
    t.mock.timers.tick(24 * 50.5 - 1)
    assert.equal(asked.length, 11)
    t.mock.timers.tick(1)
    assert.equal(asked.length, 15)
    for (let slice = 0; slice < count; slice++) t.mock.timers.tick(24)
    assert.equal(asked.length, count)
    assert.deepEqual(new Set(asked), new Set(records(count).keys()))
    assert.deepEqual(lines, ['info'])
  })

  it('does not begin with the same one each time', (t) => {
    const first = () => {
      const { asked, stop } = started(t, 1000, () => 1)
      t.mock.timers.tick(24)
      stop()
      t.mock.timers.tick(600_000)
      t.mock.timers.reset()
      assert.equal(asked.length, 1)
      return asked[0]
    }
    assert.ok(new Set(Array.from({ length: 20 }, first)).size > 1)
  })
})
