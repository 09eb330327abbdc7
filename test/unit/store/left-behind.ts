/** What a store that is killed leaves behind: its files as they are while it is open. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  contents,
  logged,
  put,
  sampleCluster,
  sampleKey,
  sampleUser,
  write,
} from '../../contract/store-samples.ts'
import { inTemporaryDirectory, openStore } from '../../contract/store-sqlite.ts'

export type Files = Readonly<Partial<Record<string, Uint8Array>>>
export type State = { readonly files: Files; readonly contents: ReturnType<typeof contents> }
/** Before and after the last commit. */
export type LeftBehind = { readonly before: State; readonly after: State }

export const DATABASE = 'store.db'
export const LOG = 'store.db-wal'
export const MARK = 'store.db-mark'

const filesIn = (directory: string): Files =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]))

/** Shares a key and takes it back, which is the last commit. */
async function shareAndUnshare(store: Store, directory: string): Promise<LeftBehind> {
  const state = (): State => ({ files: filesIn(directory), contents: contents(store.catalog) })
  const give = (...users: readonly string[]) =>
    store.transact((view) => {
      const entry = logged(view, 'hsm-1', 'key.share')
      return { ...entry, writes: [write(sampleKey(1, { sharedWith: users })), ...entry.writes] }
    })
  await give('user-2')
  const before = state()
  await give()
  return { before, after: state() }
}

/**
 * Three ways for the log to stand: never brought into the database; brought in whole and not begun anew; begun anew, with
 * older frames behind the newest.
 */
export const leftBehind = (t: TestContext): Promise<Readonly<Record<string, LeftBehind>>> =>
  new Promise((resolve, reject) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    inTemporaryDirectory(async (directory) => {
      const store = openStore(directory)
      await store.transact(() => put(sampleCluster(), sampleUser(1), sampleUser(2), sampleKey(1)))
      const fresh = await shareAndUnshare(store, directory)
      t.mock.timers.tick(1000)
      const checkpointed = { ...fresh.after, files: filesIn(directory) }
      const again = await shareAndUnshare(store, directory)
      await store.close()
      resolve({ fresh, checkpointed: { before: checkpointed, after: checkpointed }, again })
    })
      .catch(reject)
      .finally(() => t.mock.timers.reset())
  })

/** What stands in a directory since a store was refused there. */
const standing = new Map<string, Files>()

/** Makes the directory hold these files and no others; what stands there already is not written again. */
function lay(directory: string, files: Files): void {
  const there = standing.get(directory)
  if (!there) rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(directory)) if (!files[name]) rmSync(join(directory, name))
  for (const [name, bytes] of Object.entries(files)) {
    if (bytes && there?.[name] !== bytes) writeFileSync(join(directory, name), bytes)
  }
  standing.delete(directory)
}

/**
 * Opens a store with these files: what it holds, or that it was refused, with everything left as it was; but for a
 * `database` that is damaged itself, which the log may be brought into.
 */
export async function reopened(
  directory: string,
  files: Files,
  database: 'sound' | 'damaged' = 'sound',
): Promise<State['contents'] | 'refused'> {
  lay(directory, files)
  let store: Store
  try {
    store = openStore(directory)
  } catch (error) {
    assert.ok(error instanceof HsmError, String(error))
    assert.equal(error.code, 'store-damaged')
    if (database === 'damaged') return 'refused'
    const found = filesIn(directory)
    // SQLite makes a log that is missing, with nothing in it.
    for (const name of [DATABASE, LOG, MARK]) {
      const [now, before] = [found, files].map((all) => all[name] ?? new Uint8Array())
      assert.ok(now && before && Buffer.compare(now, before) === 0, `${name} was changed`)
    }
    standing.set(directory, files)
    return 'refused'
  }
  const found = contents(store.catalog)
  await store.close()
  return found
}
