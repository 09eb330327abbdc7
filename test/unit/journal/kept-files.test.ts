/** Which files of a journal are kept, and that those which are written to are never removed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { createSealer } from '../../../src/crypto/seal.ts'
import { EMPTY } from '../../../src/journal/entries.ts'
import { createKeptFiles } from '../../../src/journal/kept-files.ts'
import { segmentPath } from '../../../src/journal/segments.ts'
import { beginSegment } from '../../../src/journal/writer.ts'

test('a file that was begun again in its own place is one file, and stays', async (t) => {
  const directory = mkdtempSync(`${tmpdir()}/strongroom-kept-`)
  t.after(() => rmSync(directory, { recursive: true }))
  const sealer = createSealer(randomBytes(32), 'key-use', 'cluster-a')
  const place = { directory, hsm: 'hsm-a', clusterId: 'cluster-a', sealer }
  const failures: unknown[] = []
  const kept = createKeptFiles(
    {
      place,
      retention: () => ({ onFull: 'drop-oldest', maxBytes: 1, maxAgeSeconds: undefined }),
      now: () => 0,
      written: () => EMPTY,
      anchor: async () => undefined,
      onFailure: (error) => void failures.push(error),
    },
    [],
  )
  for (const first of [0, 7]) {
    const writer = beginSegment(place, first, EMPTY.hash)
    const file = { first, path: segmentPath(place, first), bytes: writer.bytes(), writtenAt: 0 }
    writer.close()
    for (const _ of ['begun', 'begun again']) kept.add(file, EMPTY.hash)
    assert.equal(kept.bytes(), (first === 0 ? 1 : 2) * file.bytes)
  }
  await kept.squeeze()
  assert.deepEqual(
    [0, 7].map((first) => existsSync(segmentPath(place, first))),
    [false, true],
  )
  assert.equal(kept.begin()?.first, 7)
  assert.deepEqual(failures, [])
})
