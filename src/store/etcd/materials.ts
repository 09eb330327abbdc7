/**
 * The material of keys, read from etcd when it is asked for and kept for a while. Any member may be asked first, also one that is
 * behind or has no quorum: a record is sealed under the number of its commit, and the replica knows which one that must be.
 */
import { HsmError } from '../../contract/errors.ts'
import type { RecordKey } from '../../model/records.ts'
import type { Keyspace } from './keyspace.ts'
import { newestCommit } from './reading.ts'
import type { Replica } from './replica.ts'
import { KV } from './rpc_pb.ts'
import { readRecord } from './values.ts'

export interface Materials {
  /** As `Store.material`. */
  of(key: RecordKey): string | Promise<string>
  /** Undefined when it must be read. */
  kept(key: RecordKey): string | undefined
}

/** Of keys that were used or written lately; some 2 kB each. */
const MOST_KEPT = 1024
/** How often a record may change while it is read. */
const ATTEMPTS = 10
/** How long the replica may take to get to a commit that etcd has told of. */
const PATIENCE_MS = 5000

/** `commit`: the number of the one that wrote the record. */
type Found = { readonly commit: number; readonly material: string }

/** @param damaged told when etcd does not hold what it held before */
export function createMaterials(
  keyspace: Keyspace,
  replica: Replica,
  damaged: (error: HsmError) => void,
): Materials {
  /** In the order of last use, oldest first. */
  const cache = new Map<RecordKey, Found>()
  const commitOf = (key: RecordKey): number | undefined => replica.records().revisions.get(key)

  function keep(key: RecordKey, found: Found): void {
    cache.delete(key)
    cache.set(key, found)
    const [oldest] = cache.keys()
    if (cache.size > MOST_KEPT && oldest !== undefined) cache.delete(oldest)
  }

  /** If it is that of the record as the replica has it. */
  function taken(key: RecordKey, found: Found | undefined): string | undefined {
    if (!found || found.commit !== commitOf(key)) return undefined
    keep(key, found)
    return found.material
  }

  async function read(key: RecordKey): Promise<string> {
    let material = taken(key, await ask(key, true))
    for (let attempt = 0; material === undefined && attempt < ATTEMPTS; attempt++)
      material = await readNewest(key)
    if (material === undefined) throw new HsmError('busy')
    return material
  }

  /** Undefined when the record has changed meanwhile. */
  async function readNewest(key: RecordKey): Promise<string | undefined> {
    const expected = commitOf(key)
    if (expected === undefined) throw gone()
    const found = await ask(key, false)
    await reached(replica, await newestCommit(keyspace, replica, damaged))
    const material = taken(key, found)
    if (material === undefined && commitOf(key) === expected) throw missing(key)
    return material
  }

  async function ask(key: RecordKey, serializable: boolean): Promise<Found | undefined> {
    const { client, keys, sealer } = keyspace
    const answer = await client.ask(KV.method.range, { key: keys.record(key), serializable })
    if ('failure' in answer) throw answer.failure.error
    const standing = answer.value.kvs[0]
    if (!standing) return undefined
    const { commit, record } = readRecord(sealer, key, standing.value)
    return record.kind === 'key' ? { commit, material: record.material } : undefined
  }

  replica.subscribe((changes) => {
    for (const { key, after, material } of changes) {
      const commit = commitOf(key)
      if (!after || commit === undefined) cache.delete(key)
      else if (material !== undefined) keep(key, { commit, material })
    }
  })

  const kept = (key: RecordKey) => taken(key, cache.get(key))
  return {
    kept,
    of(key) {
      if (commitOf(key) === undefined) throw gone()
      return kept(key) ?? read(key)
    },
  }
}

/** The key was deleted. */
const gone = (): HsmError => new HsmError('revoked')

const missing = (key: RecordKey): HsmError => new HsmError('store-damaged', `Record ${key} is missing`)

/** @throws HsmError `store-failure` when it takes too long */
async function reached(replica: Replica, revision: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, PATIENCE_MS, new HsmError('store-failure', 'etcd did not answer in time'))
  try {
    await Promise.race([replica.appliedAtLeast(revision), promise])
  } finally {
    clearTimeout(timer)
  }
}
