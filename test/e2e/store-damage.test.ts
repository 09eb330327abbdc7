/** Bits of what a killed store leaves behind, flipped in turn, and every length that its log can be cut to. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DATABASE, type Files, LOG, leftBehind, MARK, reopened } from '../unit/store/left-behind.ts'
import { flipped } from '../unit/store/spoil.ts'

/** Not written to a disk where that can be helped: it takes some ten thousand stores. */
const MEMORY = '/dev/shm'

/** Every so many bits: each byte is met, and each bit of a byte. STORE_DAMAGE_STEP=1 takes some minutes. */
const STEP = Number(process.env['STORE_DAMAGE_STEP'] ?? 9)

test('the newest state or a refusal, whatever is damaged', async (t) => {
  const { fresh } = await leftBehind(t)
  assert.ok(fresh)
  const { after } = fresh
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'strongroom-damage-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const met = { refused: 0, newest: 0 }
  for (const files of variants(after.files)) {
    const sound = files[DATABASE] === after.files[DATABASE]
    const found = await reopened(directory, files, sound ? 'sound' : 'damaged')
    if (found === 'refused') met.refused += 1
    else {
      assert.deepEqual(found, after.contents)
      met.newest += 1
    }
  }
  t.diagnostic(JSON.stringify(met))
  assert.ok(met.refused > 1000 && met.newest > 1000)
})

function* variants(files: Files): Generator<Files> {
  const { [LOG]: log, [MARK]: mark, [DATABASE]: database } = files
  assert.ok(log && mark && database)
  for (let bit = 0; bit < log.length * 8; bit += STEP) yield { ...files, [LOG]: flipped(log, bit) }
  for (let length = 0; length < log.length; length += STEP) yield { ...files, [LOG]: log.slice(0, length) }
  for (let length = 32; length < log.length; length += 4120) yield { ...files, [LOG]: log.slice(0, length) }
  for (let bit = 0; bit < 200 * 8; bit += STEP) {
    for (const slot of [0, 4096]) yield { ...files, [MARK]: flipped(mark, slot * 8 + bit) }
  }
  for (let length = 0; length < mark.length; length += 64) yield { ...files, [MARK]: mark.slice(0, length) }
  for (let bit = 0; bit < database.length * 8; bit += 61) {
    yield { ...files, [DATABASE]: flipped(database, bit) }
  }
}
