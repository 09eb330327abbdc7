/** Reading the material of keys from etcd: one for whoever waits for it, or several in the background. */
import { HsmError } from '../../contract/errors.ts'
import type { RecordKey } from '../../model/records.ts'
import type { Keyspace } from './keyspace.ts'
import { newestCommit } from './reading.ts'
import type { Replica } from './replica.ts'
import { foundBy, lookUp } from './requests.ts'
import { type KeyValue, KV } from './rpc_pb.ts'
import { readRecord } from './values.ts'

/** `commit`: the number of the one that wrote the record. */
export type Found = { readonly commit: number; readonly material: string }

export type MaterialReadingNeeds = {
  readonly keyspace: Keyspace
  readonly replica: Replica
  /** Told when etcd does not hold what it held before. */
  readonly damaged: (error: HsmError) => void
  /** Undefined if it is not that of the record as the replica has it. */
  readonly taken: (key: RecordKey, found: Found | undefined) => string | undefined
}

export interface MaterialReading {
  /** Takes it, and resolves with it. @throws HsmError as `Store.material` does */
  one(key: RecordKey): Promise<string>
  /**
   * What whichever member is asked has of them. Of one whose record was changed by hand there is nothing: whoever uses the key is
   * told so.
   *
   * @throws HsmError `store-failure`
   */
  several(keys: readonly RecordKey[]): Promise<readonly (Found | undefined)[]>
}

/** How often a record may change while it is read. */
const ATTEMPTS = 10
/** How long reading the material of a key may take. */
const PATIENCE_MS = 5000

export function createMaterialReading({
  keyspace,
  replica,
  damaged,
  taken,
}: MaterialReadingNeeds): MaterialReading {
  const { client, keys, sealer } = keyspace
  const commitOf = (key: RecordKey): number | undefined => replica.records().revisions.get(key)

  async function read(key: RecordKey, isLate: () => boolean): Promise<string> {
    let material = taken(key, await ask(key, true))
    for (let attempt = 0; material === undefined && attempt < ATTEMPTS && !isLate(); attempt++)
      material = await readNewest(key)
    if (material === undefined) throw new HsmError('busy')
    return material
  }

  /** Undefined when the record has changed meanwhile. */
  async function readNewest(key: RecordKey): Promise<string | undefined> {
    const expected = commitOf(key)
    if (expected === undefined) throw gone()
    const found = await ask(key, false)
    await replica.appliedAtLeast(await newestCommit(keyspace, replica, damaged))
    const material = taken(key, found)
    if (material === undefined && commitOf(key) === expected) throw missing(key)
    return material
  }

  async function ask(key: RecordKey, serializable: boolean): Promise<Found | undefined> {
    const answer = await client.ask(KV.method.range, { key: keys.record(key), serializable })
    if ('failure' in answer) throw answer.failure.error
    return opened(key, answer.value.kvs[0])
  }

  function opened(key: RecordKey, standing: KeyValue | undefined): Found | undefined {
    if (!standing) return undefined
    const { commit, record } = readRecord(sealer, key, standing.value)
    return record.kind === 'key' ? { commit, material: record.material } : undefined
  }

  function ifSound(key: RecordKey, standing: KeyValue | undefined): Found | undefined {
    try {
      return opened(key, standing)
    } catch {
      return undefined
    }
  }

  return {
    one: (key) => inTime((isLate) => read(key, isLate)),
    async several(wanted) {
      const answer = await client.ask(KV.method.txn, lookUp(wanted.map(keys.record)))
      if ('failure' in answer) throw answer.failure.error
      const found = foundBy(answer.value)
      return wanted.map((key, at) => ifSound(key, found[at]))
    },
  }
}

/** The key was deleted. */
export const gone = (): HsmError => new HsmError('revoked')

const missing = (key: RecordKey): HsmError => new HsmError('store-damaged', `Record ${key} is missing`)

/**
 * @param read goes on for some seconds more at the most when it is late
 * @throws HsmError `store-failure` when it takes too long
 */
async function inTime<T>(read: (isLate: () => boolean) => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    reject(
      new HsmError('store-failure', 'The material of the key cannot be read: etcd did not answer in time'),
    )
  }, PATIENCE_MS)
  try {
    return await Promise.race([read(() => isLate), late])
  } finally {
    clearTimeout(timer)
  }
}
