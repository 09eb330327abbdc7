import { rmSync } from 'node:fs'
import { memoryStore } from '../../src/store/memory.ts'
import { type DurableFixture, durableStoreContract, storeContract } from './store.ts'
import { openStore, temporaryDirectory } from './store-sqlite.ts'

storeContract('memory', () => ({ store: memoryStore(), remove: () => undefined }))

function sqliteFixture(): DurableFixture {
  const directory = temporaryDirectory()
  return {
    store: openStore(directory),
    reopen: async () => openStore(directory),
    remove: () => rmSync(directory, { recursive: true }),
  }
}

storeContract('SQLite', sqliteFixture)
durableStoreContract('SQLite', sqliteFixture)
