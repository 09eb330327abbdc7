/** A store that has lost its newest commits, in whatever way, is not served; one that a crash leaves behind is. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { createSealer } from '../../../src/crypto/seal.ts'
import { markPath, openMark } from '../../../src/store/mark.ts'
import { sqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { contents, put, sampleUser } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore, optionsFor } from '../../contract/store-sqlite.ts'
import {
  DATABASE,
  type Files,
  type LeftBehind,
  LOG,
  leftBehind,
  MARK,
  reopened,
  type State,
} from './left-behind.ts'
import { edit, flipped, isRefused, makeStore, pathIn } from './spoil.ts'

const NOTHING = new Uint8Array()
const logOf = (files: Files): Uint8Array => files[LOG] ?? NOTHING
const without = (files: Files, name: string): Files => {
  const { [name]: _, ...rest } = files
  return rest
}

/** Whatever is made of the files: the newest state or a refusal, and both of them are met. */
async function newestOrRefused(t: TestContext, variants: (newest: State) => Iterable<Files>): Promise<void> {
  for (const [name, { after }] of Object.entries(await leftBehind(t))) {
    await inTemporaryDirectory(async (directory) => {
      assert.deepEqual(await reopened(directory, after.files), after.contents)
      let refused = 0
      for (const files of variants(after)) {
        const found = await reopened(directory, files)
        if (found === 'refused') refused += 1
        else assert.deepEqual(found, after.contents, name)
      }
      assert.ok(refused > 0, name)
    })
  }
}

describe('a store whose log', () => {
  it('has a bit that is flipped is the newest or is refused', (t) =>
    newestOrRefused(t, function* ({ files }) {
      const log = logOf(files)
      for (let bit = 5; bit < log.length * 8; bit += 8191) yield { ...files, [LOG]: flipped(log, bit) }
    }))

  it('is cut off is the newest or is refused', (t) =>
    newestOrRefused(t, function* ({ files }) {
      const log = logOf(files)
      for (let length = 0; length < log.length; length += 1030)
        yield { ...files, [LOG]: log.slice(0, length) }
      // At the end of each frame.
      for (let length = 32; length < log.length; length += 4120)
        yield { ...files, [LOG]: log.slice(0, length) }
      yield without(files, LOG)
    }))

  it('has an index beside it that says anything is read for itself', (t) =>
    newestOrRefused(t, function* ({ files }) {
      const index = Buffer.alloc(32_768, 0x11)
      yield { ...files, 'store.db-shm': index }
      yield { ...without(files, LOG), 'store.db-shm': index, [MARK]: NOTHING }
    }))
})

describe('a store whose mark', () => {
  it('is missing, empty or nonsense is refused', async (t) => {
    for (const { after } of Object.values(await leftBehind(t))) {
      await inTemporaryDirectory(async (directory) => {
        const { files } = after
        for (const spoilt of [
          without(files, MARK),
          { ...files, [MARK]: NOTHING },
          { ...files, [MARK]: Buffer.alloc(8192, 1) },
        ]) {
          assert.equal(await reopened(directory, spoilt), 'refused')
        }
      })
    }
  })

  it('has a bit that is flipped is the newest or is refused', (t) =>
    newestOrRefused(t, function* ({ files }) {
      const mark = files[MARK] ?? NOTHING
      for (const slot of [0, 4096]) {
        for (let bit = 0; bit < 200 * 8; bit += 397) yield { ...files, [MARK]: flipped(mark, slot * 8 + bit) }
      }
    }))

  it('is of another store is refused', (t) =>
    newestOrRefused(t, function* ({ files, contents: { records } }) {
      assert.ok(records.size > 0)
      yield { ...files, [MARK]: foreignMark() }
    }))
})

function foreignMark(): Uint8Array {
  const { seal } = createSealer(Buffer.alloc(32, 0x5a), 'records', 'cluster-other234567')
  const sealed = seal(Buffer.from('{"revision":1,"digest":""}'), 'mark')
  const slot = Buffer.alloc(4096)
  slot.writeUInt16BE(sealed.length)
  sealed.copy(slot, 2)
  return Buffer.concat([slot, slot])
}

describe('a whole older copy of the database', () => {
  it('is refused, whatever of its files is put back, and without its mark too', async (t) => {
    const { fresh, again } = await leftBehind(t)
    assert.ok(fresh && again)
    await inTemporaryDirectory(async (directory) => {
      for (const old of [fresh.before, fresh.after, again.before]) {
        const files: Files = { ...old.files, [MARK]: again.after.files[MARK] ?? NOTHING }
        assert.equal(await reopened(directory, files), 'refused')
        assert.equal(await reopened(directory, without(files, MARK)), 'refused')
      }
    })
  })

  it('says how old it is and what to do', () =>
    inTemporaryDirectory(async (directory) => {
      const options = optionsFor(directory)
      await makeStore(directory)
      openMark(markPath(options.path), options.sealer).write({ revision: 9, digest: '00' })
      isRefused(
        directory,
        /^The store may be older .*: it ends with change 3, but change 9 was made and answered \(store\.db-mark\)\. .* strongroom start --accept-rollback$/,
      )
    }))
})

describe('what a crash leaves behind', () => {
  const parts = (bytes: Uint8Array, count: number) =>
    Array.from({ length: Math.ceil(bytes.length / count) }, (_, at) =>
      bytes.slice(at * count, (at + 1) * count),
    )

  /** Some sectors are new, others are as before. */
  function torn(before: Uint8Array, after: Uint8Array, isNew: (sector: number) => boolean): Uint8Array {
    const longer = Buffer.alloc(Math.max(before.length, after.length))
    longer.set(before)
    const old = parts(longer, 512)
    return Buffer.concat(parts(after, 512).map((sector, at) => (isNew(at) ? sector : (old[at] ?? NOTHING))))
  }
  const CHOICES: readonly ((sector: number) => boolean)[] = [
    () => false,
    (at) => at % 2 === 0,
    (at) => at % 3 !== 0,
    (at) => at < 9,
    (at) => at > 9,
  ]

  it('is opened when the log of a commit that nobody was answered from is torn', async (t) => {
    const { fresh, again } = await leftBehind(t)
    for (const states of [fresh, again]) {
      assert.ok(states)
      const { before, after } = states
      await inTemporaryDirectory(async (directory) => {
        const met = { before: 0, after: 0 }
        for (const isNew of [...CHOICES, () => true]) {
          const log = torn(logOf(before.files), logOf(after.files), isNew)
          const found = await reopened(directory, { ...before.files, [LOG]: log })
          const which = isDeepStrictEqual(found, after.contents) ? 'after' : 'before'
          assert.deepEqual(found, states[which].contents)
          met[which] += 1
        }
        assert.ok(met.before > 1 && met.after > 0, JSON.stringify(met))
      })
    }
  })

  it('is opened when its mark is torn, which was written when the commit was durable', async (t) => {
    const { fresh, again } = await leftBehind(t)
    for (const states of [fresh, again]) {
      assert.ok(states)
      const { before, after } = states
      const [old, mark] = [before.files[MARK], after.files[MARK]].map((bytes) => bytes ?? NOTHING)
      assert.ok(old && mark)
      await inTemporaryDirectory(async (directory) => {
        const written = [...CHOICES.map((isNew) => torn(old, mark, isNew)), ...halves(old, mark)]
        for (const bytes of written) {
          assert.deepEqual(await reopened(directory, { ...after.files, [MARK]: bytes }), after.contents)
        }
      })
    }
  })

  /** The slot that was written holds a part of it, or nothing that makes sense. */
  function* halves(before: Uint8Array, after: Uint8Array): Generator<Uint8Array> {
    const slot = before.findIndex((byte, at) => byte !== after[at]) < 4096 ? 0 : 4096
    for (const length of [0, 1, 2, 100, 180]) {
      const bytes = Buffer.from(before)
      bytes.fill(0xff, slot, slot + 4096)
      bytes.set(after.slice(slot, slot + length), slot)
      yield bytes
    }
  }

  it('is opened wherever the founding of the store, or the first start of this version, was broken off', () =>
    inTemporaryDirectory(async (directory) => {
      const whole = await makeStore(directory)
      edit(directory, forgetMark)
      // The mark is made before the store says that it has one.
      let store = openStore(directory)
      await store.close()
      edit(directory, forgetMark)
      rmSync(join(directory, MARK))
      store = openStore(directory)
      assert.deepEqual(contents(store.catalog), whole)
      await store.close()
      rmSync(join(directory, MARK))
      isRefused(directory, /the file is missing that would tell/)
    }))

  const forgetMark = (database: Parameters<Parameters<typeof edit>[1]>[0]) => {
    const { sealer } = optionsFor('')
    const sealed = database.prepare('SELECT sealed FROM root').get()?.['sealed']
    assert.ok(sealed instanceof Uint8Array)
    const { marked, ...root } = JSON.parse(sealer.open(sealed, 'root').toString('utf8'))
    assert.equal(marked, true)
    database.prepare('UPDATE root SET sealed = ?').run(sealer.seal(Buffer.from(JSON.stringify(root)), 'root'))
  }
})

describe('a rollback that is accepted', () => {
  /** A store of whose three commits the last is lost. */
  async function rolledBack(t: TestContext, directory: string): Promise<LeftBehind> {
    const { fresh } = await leftBehind(t)
    assert.ok(fresh)
    const { before, after } = fresh
    assert.equal(
      await reopened(directory, { ...before.files, [MARK]: after.files[MARK] ?? NOTHING }),
      'refused',
    )
    return fresh
  }
  const accept = (directory: string) => sqliteStore({ ...optionsFor(directory), acceptRollback: true })

  it('is told, is for good with the first commit, and not before', (t) =>
    inTemporaryDirectory(async (directory) => {
      const { before } = await rolledBack(t, directory)
      await accept(directory).close()
      isRefused(directory, /^The store may be older/)
      const store = accept(directory)
      assert.deepEqual(store.rollback, { revision: 2, marked: 3 })
      assert.deepEqual(contents(store.catalog), before.contents)
      await store.transact(() => put(sampleUser(3)))
      await store.close()
      const again = openStore(directory)
      assert.equal(again.catalog.userCount(), 3)
      await again.close()
    }))

  it('counts on where no lost commit can have been, so that the lost history stays lost', (t) =>
    inTemporaryDirectory(async (directory) => {
      const { after } = await rolledBack(t, directory)
      const store = accept(directory)
      const { revision } = await store.transact(() => put(sampleUser(3)))
      await store.close()
      assert.ok(revision > 2 ** 32)
      rmSync(join(directory, LOG), { force: true })
      for (const name of [DATABASE, LOG]) writeFileSync(join(directory, name), after.files[name] ?? NOTHING)
      isRefused(directory, /^The store may be older/)
    }))

  it('can have lost its mark', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      rmSync(join(directory, MARK))
      const store = accept(directory)
      assert.deepEqual(store.rollback, { revision: 3, marked: undefined })
      await store.transact(() => put(sampleUser(3)))
      await store.close()
      await openStore(directory).close()
    }))

  it('must be one', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      assert.throws(() => accept(directory), {
        code: 'invalid-request',
        message: 'The store is not rolled back; start without --accept-rollback',
      })
      assert.equal(pathIn(directory), join(directory, DATABASE))
      await openStore(directory).close()
    }))
})
