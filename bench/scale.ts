/** Many keys: picking one by its label, and starting up with them. */
import { createSealer, masterKeyCheck } from '../src/crypto/seal.ts'
import { type Home, makeHome } from '../src/home/home.ts'
import { withMasterKey } from '../src/home/master-key.ts'
import { openEngine } from '../src/main/open-engine.ts'
import type { KeyRecord, Write } from '../src/model/records.ts'
import { memoryStore } from '../src/store/memory.ts'
import { sqliteStore, storeIdentity } from '../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../src/store/store.ts'
import { testEngine } from '../test/support/engine.ts'
import { temporaryHome } from '../test/support/homes.ts'
import { aKey } from '../test/support/records.ts'
import { byLabel, createWorld } from '../test/support/world.ts'
import { measure } from './measure.ts'
import { start, stop } from './world.ts'

const FULL_CLUSTER = 16_666
const MANY = 1_000_000
/** As large as the sealed PKCS #8 of an RSA-2048 key, in base64. */
export const RSA_2048 = Buffer.alloc(1250, 7).toString('base64')

export type Timing = { readonly name: string; readonly p50: number; readonly p99: number }

/** Time the HSM spends on selecting one key by its label, in process, in milliseconds. */
export async function selection(): Promise<readonly Timing[]> {
  const timings: Timing[] = []
  for (const count of [FULL_CLUSTER, MANY]) {
    const store = memoryStore()
    const world = await createWorld(await testEngine({ store }))
    const owner = store.catalog.userByName('alice')?.id ?? ''
    await fill(store, count, { owner, material: 'c2hvcnQ=' })
    let picked = 0
    const pick = () => {
      picked = (picked + 7919) % count
      return world.as('alice', 'key.list', { filter: byLabel(`key-${picked}`) })
    }
    const { p50, p99 } = await measure(pick, { inFlight: 1, ms: 1500 })
    timings.push({ name: `one key by label among ${count.toLocaleString('en')}`, p50, p99 })
  }
  return timings
}

/** Wall time of `strongroom start --detach`, new and with a full cluster of RSA-2048 keys, in milliseconds. */
export async function startUp(rounds = 5): Promise<readonly Timing[]> {
  const { home, remove } = temporaryHome()
  makeHome(home)
  await (await openEngine({ home, address: () => '', log: () => undefined })).close()
  const empty = startAndStop(home, rounds)
  const clusterId = storeIdentity(home.database)?.clusterId ?? ''
  const store = withMasterKey(home.masterKey, undefined, (key) =>
    sqliteStore({
      path: home.database,
      sealer: createSealer(key, 'records', clusterId),
      clusterId,
      masterKeyCheck: masterKeyCheck(key),
    }),
  )
  await fill(store, FULL_CLUSTER, { material: RSA_2048 })
  await store.close()
  const full = startAndStop(home, rounds)
  remove()
  return [
    { name: 'start, no keys', ...empty },
    { name: `start, ${FULL_CLUSTER.toLocaleString('en')} RSA-2048 keys`, ...full },
  ]
}

function startAndStop(home: Home, rounds: number): { p50: number; p99: number } {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now()
    start(home)
    times.push(performance.now() - begun)
    stop(home)
  }
  times.sort((a, b) => a - b)
  return { p50: times[Math.floor(rounds / 2)] ?? 0, p99: times.at(-1) ?? 0 }
}

type Filling = {
  readonly owner?: string
  /** Of each key, as the store keeps it. */
  readonly material: string
  /** Keys in one transaction. */
  readonly atOnce?: number
}

export async function fill(
  store: Store,
  count: number,
  { owner = 'nobody', material, atOnce = 5000 }: Filling,
): Promise<void> {
  const modulus = `0x${'ab'.repeat(256)}`
  const key = (at: number): KeyRecord =>
    aKey({
      id: `0x${(0x10000 + at).toString(16).padStart(16, '0')}`,
      owner,
      sharedWith: [],
      label: `key-${at}`,
      material,
      ...(material.length > 100 && { rsa: { publicExponent: '0x010001', modulus, modulusSizeBits: 2048 } }),
    })
  for (let from = 0; from < count; from += atOnce) {
    const writes: Write[] = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => ({
      put: key(from + at),
    }))
    await store.transact(() => ({ writes, audit: [], result: undefined }))
  }
}
