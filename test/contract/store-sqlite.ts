/** SQLite stores for tests, each in a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSealer, masterKeyCheck } from '../../src/crypto/seal.ts'
import { type SqliteStoreOptions, sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'

const MASTER_KEY = Buffer.alloc(32, 0x5a)
const CLUSTER_ID = 'cluster-test2345abc'

export const optionsFor = (directory: string): SqliteStoreOptions => ({
  path: join(directory, 'store.db'),
  clusterId: CLUSTER_ID,
  masterKeyCheck: masterKeyCheck(MASTER_KEY),
  sealer: createSealer(MASTER_KEY, 'records', CLUSTER_ID),
})

export const openStore = (directory: string): Store => sqliteStore(optionsFor(directory))

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'strongroom-store-'))

export async function inTemporaryDirectory(body: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = temporaryDirectory()
  try {
    await body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
