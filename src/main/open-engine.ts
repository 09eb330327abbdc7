/** Composition of the HSM itself: store, seals, passwords, engine. */
import { randomBytes, randomInt } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import { opensslAvailable } from '../crypto/openssl.ts'
import { createPasswordHasher } from '../crypto/password.ts'
import { createSealer, masterKeyCheck } from '../crypto/seal.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { EngineNeeds } from '../engine/parts.ts'
import { sqliteStore, storeIdentity } from '../store/sqlite/sqlite-store.ts'
import { createFile, readIfThere } from './files.ts'
import type { Home } from './home.ts'
import { withMasterKey } from './master-key.ts'
import { version } from './version.ts'

export type Log = EngineNeeds['log']

export type OpenEngine = {
  readonly engine: Engine
  readonly clusterId: string
  close(): Promise<void>
}

export type OpenEngineOptions = {
  readonly home: Home
  /** Of this HSM, as it is shown to users. */
  readonly address: () => string
  readonly log: Log
}

/**
 * Opens the HSM of a home, or makes a new one there. The home must be locked by the caller.
 *
 * @throws HsmError `store-damaged` or `store-failure` with one sentence naming what is wrong
 */
export async function openEngine({ home, address, log }: OpenEngineOptions): Promise<OpenEngine> {
  using undo = new DisposableStack()
  const known = storeIdentity(home.database)
  const hsmId = readIfThere(home.hsmId)?.trim()
  if (!known && hsmId !== undefined) {
    throw new HsmError('store-damaged', `The store ${home.database} is missing`)
  }
  const clusterId = known?.clusterId ?? newId('cluster')
  const { store, sealer } = withMasterKey(home.masterKey, known ? undefined : randomBytes, (key) => ({
    store: sqliteStore({
      path: home.database,
      sealer: createSealer(key, 'records', clusterId),
      clusterId,
      masterKeyCheck: masterKeyCheck(key),
    }),
    sealer: createSealer(key, 'material', clusterId),
  }))
  undo.defer(() => void store.close())
  const engine = createEngine({
    store,
    sealer,
    clusterId,
    passwords: createPasswordHasher({ parallel: LIMITS.passwordHashes, queue: LIMITS.passwordQueue }),
    hsm: { id: hsmId ?? newHsmId(home), version, address },
    capacity: LIMITS,
    now: Date.now,
    monotonic: () => performance.now(),
    random: randomBytes,
    log,
  })
  await engine.found()
  if (!opensslAvailable())
    log('warn', {}, 'OpenSSL cannot be called directly; some operations are slow or refused')
  undo.move()
  return {
    engine,
    clusterId,
    async close() {
      engine.close()
      await store.close()
    },
  }
}

function newHsmId(home: Home): string {
  const id = newId('hsm')
  createFile(home.hsmId, `${id}\n`, 'private')
  return id
}

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_LENGTH = 11

/** Ids look as in CloudHSM: `cluster-`, `hsm-` and 11 of these. */
function newId(kind: 'cluster' | 'hsm'): string {
  const characters = Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)])
  return `${kind}-${characters.join('')}`
}
