/** Whatever became of a snapshot, or of the store beside it, nothing is believed that is not so. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createSealer } from '../../../src/crypto/seal.ts'
import { put, sampleKey, sampleUser } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore, optionsFor } from '../../contract/store-sqlite.ts'
import { isNotUsed, isUsed, MASTER_KEY, makeStore, openWith, puts, snapshotIn, write } from './snapshots.ts'
import { edit, rowsOf, setRow } from './spoil.ts'

const damaged = (directory: string, change: (bytes: Buffer) => void): void => {
  const bytes = readFileSync(snapshotIn(directory))
  change(bytes)
  writeFileSync(snapshotIn(directory), bytes)
}

describe('a snapshot that is not what it should be', () => {
  it('is not used when a bit of it is another, wherever that is', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const whole = readFileSync(snapshotIn(directory))
      const ends = endings(whole)
      const places = [
        2,
        40,
        ...ends.flatMap((end) => [end - 1, end - 30]),
        ...ends.slice(0, -1).map((end) => end + 40),
      ]
      for (const place of places) {
        damaged(directory, (bytes) => bytes.writeUInt8((bytes[place] ?? 0) ^ 4, place))
        await isNotUsed(directory, /^it (is damaged|was written by another version)/)
        writeFileSync(snapshotIn(directory), whole)
      }
    }))

  it('is not used when it was cut before its end, chunk by chunk and within one', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const whole = readFileSync(snapshotIn(directory))
      for (const end of endings(whole).slice(0, -1)) {
        for (const at of [end - 1, end, end + 3, end + 20]) {
          writeFileSync(snapshotIn(directory), whole.subarray(0, at))
          await isNotUsed(directory, /^it (is damaged|was not written to its end)/)
        }
      }
      for (const nothing of ['', '\n', '{}\n', 'x'.repeat(5000)]) {
        writeFileSync(snapshotIn(directory), nothing)
        await isNotUsed(directory, /^it is damaged$/)
      }
    }))

  it('is used up to where it was whole, when a later addition was cut', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const before = statSync(snapshotIn(directory)).size
      const { store } = openWith(directory)
      await write(store, ...puts(sampleKey(3, { label: 'changed' })))
      await store.close()
      const after = statSync(snapshotIn(directory)).size
      const whole = readFileSync(snapshotIn(directory))
      for (const at of [after - 1, before + 100, before + 5, before + 1, before]) {
        writeFileSync(snapshotIn(directory), whole.subarray(0, at))
        await isUsed(directory, 1)
        await isUsed(directory, 0)
      }
    }))

  it('is not used when chunks changed places, or one is missing', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const whole = readFileSync(snapshotIn(directory))
      const [line = 0, first = 0, second = 0] = [whole.indexOf('\n') + 1, ...endings(whole)]
      const [head, a, b, rest] = [
        whole.subarray(0, line),
        whole.subarray(line, first),
        whole.subarray(first, second),
        whole.subarray(second),
      ]
      for (const parts of [
        [head, b, a, rest],
        [head, a, rest],
        [head, a, a, b, rest],
      ]) {
        writeFileSync(snapshotIn(directory), Buffer.concat(parts))
        await isNotUsed(directory, /^it is damaged/)
      }
    }))

  it('is not used when a chunk is one that was written at the same place of an older copy', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const before = readFileSync(snapshotIn(directory))
      const added: Buffer[] = []
      for (const label of ['one', 'two']) {
        writeFileSync(snapshotIn(directory), before)
        const { store } = openWith(directory)
        await write(store, ...puts(sampleKey(3, { label })))
        await store.close()
        added.push(readFileSync(snapshotIn(directory)))
      }
      const [older = before, newer = before] = added
      const { store } = openWith(directory)
      await write(store, ...puts(sampleKey(4, { label: 'later' })))
      await store.close()
      const later = readFileSync(snapshotIn(directory))
      const endOfChunk = endings(newer).at(-2)
      for (const rest of [newer, later]) {
        const spliced = [older.subarray(0, endings(older).at(-2)), rest.subarray(endOfChunk)]
        writeFileSync(snapshotIn(directory), Buffer.concat(spliced))
        await isNotUsed(directory, /^it is damaged/)
      }
      writeFileSync(snapshotIn(directory), later)
      await isUsed(directory, 0)
    }))

  it('is not used when it is of another HSM, cluster, master key or purpose', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const whole = readFileSync(snapshotIn(directory))
      const { clusterId } = optionsFor(directory)
      const others = [
        { owner: 'hsm-2' },
        { sealer: createSealer(MASTER_KEY, 'snapshot', 'cluster-another') },
        { sealer: createSealer(Buffer.alloc(32, 1), 'snapshot', clusterId) },
        { sealer: createSealer(MASTER_KEY, 'records', clusterId) },
      ]
      for (const other of others) {
        await isNotUsed(directory, /^it is damaged, or was written by another HSM$/, other)
        writeFileSync(snapshotIn(directory), whole)
      }
    }))

  it('is not used when it was written by another version', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const text = readFileSync(snapshotIn(directory), 'latin1')
      for (const [from, to] of [
        [/"strongroom-snapshot":\d+/, '"strongroom-snapshot":99'],
        [/"format":\d+/, '"format":99'],
        [/"version":"[^"]+"/, '"version":"9.9.9"'],
      ] as const) {
        writeFileSync(snapshotIn(directory), text.replace(from, to), 'latin1')
        await isNotUsed(directory, /^it was written by another version of Strongroom$/)
      }
    }))

  it('is not used when it is newer than the store', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      const { path } = optionsFor(directory)
      const older = [path, `${path}-mark`].map((file) => [file, readFileSync(file)] as const)
      const { store } = openWith(directory)
      await write(store, ...puts(sampleKey(3, { label: 'newer' })))
      await store.close()
      for (const [file, bytes] of older) writeFileSync(file, bytes)
      await isNotUsed(directory, /^it is newer than the store$/)
    }))

  it('is not used when it is no file', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      await isNotUsed(directory, /^it is not a file$/, { path: directory })
    }))

  it('cannot bring back an older state: one that is put back is brought forward', () =>
    inTemporaryDirectory(async (directory) => {
      await makeStore(directory)
      copyFileSync(snapshotIn(directory), join(directory, 'older'))
      const { store } = openWith(directory)
      await write(store, ...puts(sampleKey(8001, { sharedWith: [] })), { delete: 'user/user-2' })
      await store.close()
      copyFileSync(join(directory, 'older'), snapshotIn(directory))
      await isUsed(directory, 2)
    }))
})

describe('a store that was changed behind its back is refused with a snapshot as without', () => {
  const cases: readonly (readonly [string, (directory: string) => unknown])[] = [
    [
      'a row is missing',
      (directory) => edit(directory, (db) => db.exec(`DELETE FROM record WHERE key = 'user/user-1'`)),
    ],
    [
      'a row has another revision, and something was committed since the snapshot',
      async (directory) => {
        const store = openStore(directory)
        await store.transact(() => put(sampleKey(3, { label: 'changed' })))
        await store.close()
        edit(directory, (db) => db.exec(`UPDATE record SET revision = 2 WHERE key = 'user/user-1'`))
      },
    ],
    [
      'a row is an older one',
      async (directory) => {
        const older = edit(directory, (db) => rowsOf(db).find(({ key }) => key === 'user/user-1'))
        assert.ok(older)
        const { store } = openWith(directory)
        await store.transact(() => put(sampleUser(1, { username: 'renamed' })))
        await store.close()
        const without = openStore(directory)
        await without.transact(() => put(sampleKey(3, { label: 'changed' })))
        await without.close()
        edit(directory, (db) => setRow(db, older))
      },
    ],
    [
      'a row is copied under another key',
      (directory) =>
        edit(directory, (db) => {
          const row = rowsOf(db).find(({ key }) => key === 'user/user-1')
          assert.ok(row)
          setRow(db, { ...row, key: 'user/user-3' })
        }),
    ],
    [
      'the root is another',
      (directory) => edit(directory, (db) => db.exec('UPDATE root SET sealed = zeroblob(64)')),
    ],
    ['the mark is missing', (directory) => rmSync(`${optionsFor(directory).path}-mark`)],
    ['the file was cut', (directory) => truncateSync(optionsFor(directory).path, 40_960)],
  ]
  for (const [name, spoil] of cases) {
    it(`when ${name}`, () =>
      inTemporaryDirectory(async (directory) => {
        await makeStore(directory)
        await spoil(directory)
        const refusal = (body: () => unknown) => {
          try {
            body()
          } catch (error) {
            return (error as Error).message
          }
          return assert.fail('it was opened')
        }
        assert.equal(
          refusal(() => openWith(directory)),
          refusal(() => openStore(directory)),
        )
      }))
  }
})

/** Where each chunk of a snapshot ends. */
function endings(file: Buffer): readonly number[] {
  const ends: number[] = []
  for (let at = file.indexOf('\n') + 1; at < file.length; ) {
    at += 4 + (file.readUInt32BE(at) & 0x7fff_ffff)
    ends.push(at)
  }
  return ends
}
