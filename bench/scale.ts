/** Many keys: picking one by its label, and starting up with them. */
import { readFileSync } from 'node:fs'
import { createSealer, masterKeyCheck } from '../src/crypto/seal.ts'
import { type Home, makeHome } from '../src/home/home.ts'
import { withMasterKey } from '../src/home/master-key.ts'
import { readRunning } from '../src/home/running.ts'
import { openEngine } from '../src/main/open-engine.ts'
import { fromHex } from '../src/model/octets.ts'
import type { KeyRecord, Write } from '../src/model/records.ts'
import { memoryStore } from '../src/store/memory.ts'
import { sqliteStore, storeIdentity } from '../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../src/store/store.ts'
import { testEngine } from '../test/support/engine.ts'
import { temporaryHome } from '../test/support/homes.ts'
import { aKey } from '../test/support/records.ts'
import { byLabel, createWorld } from '../test/support/world.ts'
import { measure, median } from './measure.ts'
import type { Goal } from './table.ts'
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

/** A start with so many RSA-2048 keys on the embedded store. */
export type Start = {
  readonly keys: number
  /** Of `strongroom start --detach`, in milliseconds. */
  readonly median: number
  readonly max: number
  /** Resident, when it serves. */
  readonly memoryMb: number
}

const ROUNDS = 5

/** @param counts ascending */
export async function starts(counts: readonly number[]): Promise<readonly Start[]> {
  const { home, remove } = temporaryHome()
  const found: Start[] = []
  try {
    makeHome(home)
    await (await openEngine({ home, address: () => '', log: () => undefined })).close()
    let filled = 0
    for (const keys of counts) {
      if (keys > filled) await fillHome(home, filled, keys)
      filled = keys
      found.push({ keys, ...startAndStop(home) })
    }
    return found
  } finally {
    remove()
  }
}

async function fillHome(home: Home, from: number, count: number): Promise<void> {
  const clusterId = storeIdentity(home.database)?.clusterId ?? ''
  const store = withMasterKey(home.masterKey, undefined, (key) =>
    sqliteStore({
      path: home.database,
      sealer: createSealer(key, 'records', clusterId),
      clusterId,
      masterKeyCheck: masterKeyCheck(key),
    }),
  )
  await fill(store, count, { from, material: RSA_2048 })
  await store.close()
}

function startAndStop(home: Home): Omit<Start, 'keys'> {
  const times: number[] = []
  let memory = Number.NaN
  // The first one finds what the last stop has left behind; what a start writes for the next one is there from the second on.
  for (let round = -1; round < ROUNDS; round++) {
    const begun = performance.now()
    start(home)
    if (round >= 0) times.push(performance.now() - begun)
    memory = memoryMb(readRunning(home)?.pid)
    stop(home)
  }
  return { median: median(times), max: Math.max(...times), memoryMb: memory }
}

/** Resident memory of a process. */
export function memoryMb(pid: number | undefined): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

const TICKS_PER_SECOND = 100

/** Processor time that a process has taken, its threads included. */
export function processorSeconds(pid: number | undefined): number {
  // The name of the program comes first, in parentheses (proc(5)).
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13)
  return (Number(user) + Number(system)) / TICKS_PER_SECOND
}

export const goalsOfStarts = (place: string, starts: readonly Omit<Start, 'max'>[]): readonly Goal[] =>
  starts.flatMap(({ keys, median, memoryMb }) => {
    const targets = { 100000: ['≤ 2,000', '≤ 260'], 1000000: ['≤ 15,000', '≤ 1,600'] }[keys]
    if (!targets) return []
    const name = `start ${place} with ${keys.toLocaleString('en')} keys`
    return [
      { name: `${name}, ms`, ours: median, target: targets[0] ?? '' },
      { name: `${name}, its memory, MB`, ours: memoryMb, target: targets[1] ?? '' },
    ]
  })

type Filling = {
  /** There are so many already. Default: none. */
  readonly from?: number
  readonly owner?: string
  /** Of each key, as the store keeps it. */
  readonly material: string
  /** Keys in one transaction. */
  readonly atOnce?: number
}

export async function fill(
  store: Store,
  count: number,
  { owner = 'nobody', material, atOnce = 5000, from: first = 0 }: Filling,
): Promise<void> {
  const modulus = fromHex(`0x${'ab'.repeat(256)}`)
  const key = (at: number): KeyRecord =>
    aKey({
      id: `0x${(0x10000 + at).toString(16).padStart(16, '0')}`,
      owner,
      sharedWith: [],
      label: `key-${at}`,
      ...(material.length > 100 && { rsa: { publicExponent: '0x010001', modulus, modulusSizeBits: 2048 } }),
    })
  for (let from = first; from < count; from += atOnce) {
    const writes: Write[] = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => ({
      put: key(from + at),
      material,
    }))
    await store.transact(() => ({ writes, audit: [], result: undefined }))
  }
}
