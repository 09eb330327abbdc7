/** Of a large database the pages are checked in a thread of its own: what is not sound is refused as in a small one. */
import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { checkedWhile } from '../../../src/store/sqlite/integrity.ts'
import { contents } from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore, optionsFor } from '../../contract/store-sqlite.ts'
import { edit, isRefused, makeStore } from './spoil.ts'

const LARGE_BYTES = 70_000_000
const PAGE_BYTES = 4096
/** The first byte of a page of an index that has no pages below it. */
const INDEX_LEAF = 0x0a

/** A closed store whose file is large, and few records. */
async function makeLarge(directory: string) {
  const made = await makeStore(directory)
  edit(directory, (database) =>
    database.exec(`INSERT INTO audit VALUES ('hsm-9', 0, zeroblob(${LARGE_BYTES}))`),
  )
  return made
}

/** In the index alone, which reading all records does not need. */
function spoilIndex(directory: string): void {
  const { path } = optionsFor(directory)
  const bytes = readFileSync(path)
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    if (bytes[at] !== INDEX_LEAF) continue
    const key = bytes.subarray(at, at + PAGE_BYTES).indexOf('user/user-2')
    if (key < 0) continue
    bytes.write('user/user-0', at + key)
    writeFileSync(path, bytes)
    return
  }
  assert.fail('there is no such page')
}

describe('a large database', () => {
  it('is opened when its pages are sound', () =>
    inTemporaryDirectory(async (directory) => {
      const made = await makeLarge(directory)
      const store = openStore(directory)
      assert.deepEqual(contents(store.catalog), made)
      await store.close()
    }))

  it('is refused when a page is not what it should be, also when its records are not either', () =>
    inTemporaryDirectory(async (directory) => {
      await makeLarge(directory)
      spoilIndex(directory)
      isRefused(directory, /^The store file store\.db is damaged$/)
      edit(directory, (database) => database.exec('UPDATE record SET sealed = zeroblob(40)'))
      isRefused(directory, /^The store file store\.db is damaged$/)
    }))

  it('is refused for its records when its pages are sound', () =>
    inTemporaryDirectory(async (directory) => {
      await makeLarge(directory)
      edit(directory, (database) => database.exec('UPDATE record SET sealed = zeroblob(40)'))
      isRefused(directory, /^Record \S+ is damaged: it was changed or moved$/)
    }))

  it('is checked by whoever opened it when the thread cannot', () =>
    inTemporaryDirectory((directory) => {
      const path = join(directory, 'no-database')
      writeFileSync(path, '')
      truncateSync(path, LARGE_BYTES)
      using sound = new DatabaseSync(':memory:')
      assert.equal(
        checkedWhile(sound, path, () => 'read'),
        'read',
      )
      using unsound = new DatabaseSync(path)
      assert.throws(() => checkedWhile(unsound, path, () => 'read'), /database|damaged/)
    }))
})
