/** A real engine for tests: everything it would have in production, on a store the test chooses. */
import { randomBytes } from 'node:crypto'
import { backupKeysOf } from '../../src/backup/ways.ts'
import { LIMITS } from '../../src/contract/limits.ts'
import { createPasswordHasher, type PasswordCost } from '../../src/crypto/password.ts'
import { createSealer } from '../../src/crypto/seal.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { EngineNeeds } from '../../src/engine/needs.ts'
import { memoryStore } from '../../src/store/memory.ts'

export const MASTER_KEY = randomBytes(32)
export const CLUSTER_ID = 'cluster-test2345abc'

/** The least that argon2id takes: nobody guesses the passwords of tests, and most of the time would go there. */
export const CHEAP: PasswordCost = { memory: 8, passes: 1, parallelism: 1 }

/** A founded engine that is not activated yet. */
export async function testEngine(changes: Partial<EngineNeeds> = {}): Promise<Engine> {
  const engine = createEngine({
    store: memoryStore(),
    sealer: createSealer(MASTER_KEY, 'material', CLUSTER_ID),
    backupKeys: backupKeysOf(MASTER_KEY, CLUSTER_ID),
    passwords: createPasswordHasher({
      cost: CHEAP,
      parallel: LIMITS.passwordHashes,
      queue: LIMITS.passwordQueue,
    }),
    clusterId: CLUSTER_ID,
    hsm: { id: 'hsm-test2345abc', version: '1.2.3', address: () => '127.0.0.1:2223' },
    now: Date.now,
    monotonic: () => performance.now(),
    random: randomBytes,
    log: () => undefined,
    ...changes,
  })
  await engine.found()
  return engine
}
