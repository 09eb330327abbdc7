/** Which files of a journal are kept: those that are written to are never removed, but for the only one when the disk is full. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type TestContext, test } from 'node:test'
import { createSealer } from '../../../src/crypto/seal.ts'
import { EMPTY, follow } from '../../../src/journal/entries.ts'
import { createKeptFiles } from '../../../src/journal/kept-files.ts'
import { createOutput } from '../../../src/journal/output.ts'
import { recover } from '../../../src/journal/recovery.ts'
import type { Retention } from '../../../src/journal/retention.ts'
import { segmentPath } from '../../../src/journal/segments.ts'
import { beginSegment } from '../../../src/journal/writer.ts'
import type { JournalHead } from '../../../src/model/records.ts'
import { HSM, use } from './fixture.ts'

/** The files of a journal, and what writes to them, without the disk being full. */
async function filesIn(t: TestContext, retention: Retention) {
  const directory = mkdtempSync(`${tmpdir()}/strongroom-kept-`)
  t.after(() => rmSync(directory, { recursive: true }))
  const sealer = createSealer(randomBytes(32), 'key-use', 'cluster-a')
  const place = { directory, hsm: HSM, clusterId: 'cluster-a', sealer }
  const state = { tail: EMPTY, anchored: undefined as JournalHead | undefined, whileAnchoring: () => {} }
  const settings = { place, retention: () => retention, now: () => 0 }
  const kept = createKeptFiles(
    {
      ...settings,
      written: () => state.tail,
      waiting: () => 0,
      async anchor(head) {
        state.whileAnchoring()
        state.anchored = head
      },
      inTurn: (work) => work(),
      onFailure: (error) => assert.fail(String(error)),
    },
    { files: [], begin: undefined },
  )
  const output = createOutput({ ...settings, kept }, await recover(place, undefined))
  t.after(() => output.close())
  return {
    place,
    kept,
    state,
    write(bytes: number) {
      const { text, tail } = follow(state.tail, HSM, use({ source: 'x'.repeat(bytes) }))
      output.write(state.tail, [text])
      state.tail = tail
    },
    names: () => readdirSync(directory).sort(),
  }
}

const LARGE: Retention = { onFull: 'drop-oldest', maxBytes: 1024 ** 3, maxAgeSeconds: undefined }

test('a file that was begun again in its own place is one file, and stays', async (t) => {
  const { place, kept, names } = await filesIn(t, { ...LARGE, maxBytes: 1 })
  for (const first of [0, 7]) {
    const writer = beginSegment(place, first, EMPTY.hash)
    const file = { first, path: segmentPath(place, first), bytes: writer.bytes(), writtenAt: 0 }
    writer.close()
    for (const _ of ['begun', 'begun again']) kept.add(file, EMPTY.hash)
    assert.equal(kept.bytes(), (first === 0 ? 1 : 2) * file.bytes)
  }
  await kept.makeRoom(true)
  assert.deepEqual(names(), ['0000000000000007.log'])
  assert.equal(kept.begin()?.first, 7)
})

test('on a full disk the only file goes, and the journal goes on in another one', async (t) => {
  const { place, kept, state, write, names } = await filesIn(t, LARGE)
  for (let at = 0; at < 3; at++) write(30_000)
  await kept.drop()
  assert.deepEqual(names(), ['0000000000000000.log'])
  await kept.makeRoom(true)
  assert.deepEqual([names(), kept.begin(), kept.bytes()], [[], undefined, 0])
  const { count, hash } = state.tail
  assert.deepEqual(state.anchored, { first: 3, previous: hash, count, hash })
  assert.equal((await recover(place, state.anchored)).damage, undefined)
  assert.notEqual((await recover(place, { ...state.anchored, first: 2 })).damage, undefined)
  write(10)
  assert.deepEqual([names(), kept.begin()], [['0000000000000003.log'], { first: 3, previous: hash }])
  const { damage, tail } = await recover(place, state.anchored)
  assert.deepEqual([damage, tail], [undefined, state.tail])
})

test('on a full disk the only file stays when it is small, or when there was room for another entry', async (t) => {
  const { kept, state, write, names } = await filesIn(t, LARGE)
  write(30_000)
  await kept.makeRoom(true)
  assert.deepEqual([names().length, state.anchored], [1, undefined])
  for (let at = 0; at < 3; at++) write(30_000)
  state.whileAnchoring = () => write(10)
  await kept.makeRoom(true)
  assert.deepEqual([names(), kept.begin()?.first], [['0000000000000000.log'], 0])
})
