/** Writes the content of a backup into the store of a new cluster. */
import { append, verifyEntries } from '../audit/chain.ts'
import { damaged } from '../backup/header.ts'
import type { Entry } from '../backup/parts.ts'
import type { OtherAudited } from '../contract/audited-operations.ts'
import type { Sealer } from '../crypto/seal.ts'
import { resealed } from '../crypto/sealed-fields.ts'
import type { AuditEntry } from '../model/audit.ts'
import { FORMAT } from '../model/formats.ts'
import {
  type AuditHeadRecord,
  apart,
  recordKey,
  type StoredRecord,
  type WholeRecord,
} from '../model/records.ts'
import type { Store } from '../store/store.ts'
import { firstOfClone } from './keys/references.ts'

export type Restoring = {
  /** Of the cluster that the backup is of, and of what is to be made of it. */
  readonly source: string
  readonly clusterId: string
  /** The HSM that the cluster has then, which begins an audit log. */
  readonly hsmId: string
  /** What opens what is sealed inside the records of the backup, and what seals it again. */
  readonly from: Sealer
  readonly to: Sealer
  readonly random: (bytes: number) => Uint8Array
  /** Unix time in milliseconds. */
  readonly now: number
}

/**
 * Fills an empty store, which is worth nothing when this throws.
 *
 * @throws HsmError `invalid-data`
 */
export async function restoreInto(
  store: Store,
  parts: AsyncIterable<readonly Entry[]>,
  options: Restoring,
): Promise<{ readonly users: number; readonly keys: number }> {
  const logs = createLogs()
  for await (const entries of parts) {
    const records = entries.flatMap((entry) => ('record' in entry ? restored(entry.record, options) : []))
    const audit = entries.flatMap((entry) => ('audit' in entry ? entry.audit : []))
    for (const entry of audit) logs.add(entry)
    if (hasTwice(records)) throw damaged()
    await put(store, records, audit)
  }
  if (!store.catalog.cluster()) throw damaged()
  const heads = [...store.catalog.records()].filter(isHead)
  logs.check(heads)
  await begin(store, heads, options)
  return { users: store.catalog.userCount(), keys: store.catalog.keyCount() }
}

/** What fits into one transaction, on etcd too. */
const AT_ONCE = 50

/** Transactions that are asked for together are committed together, where that is possible. */
async function put(
  store: Store,
  records: readonly WholeRecord[],
  audit: readonly AuditEntry[],
): Promise<void> {
  const transactions: Promise<unknown>[] = []
  for (let at = 0; at < Math.max(records.length, audit.length); at += AT_ONCE) {
    const some = records.slice(at, at + AT_ONCE)
    const outcome = { audit: audit.slice(at, at + AT_ONCE), result: undefined }
    const transaction = store.transact((view) => {
      if (some.some((record) => view.get(recordKey(record)))) throw damaged()
      return { ...outcome, writes: some.map(apart) }
    })
    transactions.push(transaction)
  }
  await Promise.all(transactions)
}

function restored(record: WholeRecord, { source, clusterId, from, to, random }: Restoring): WholeRecord {
  if (record.kind === 'certificate-authority' || record.kind === 'login') throw damaged()
  const moved = reseal(record, from, to)
  if (moved.kind !== 'cluster') return moved
  if (moved.clusterId !== source) throw damaged()
  // What a clone signs must not pass for what the cluster signed.
  const signing = clusterId === source ? {} : { auditKey: undefined, auditPublicKey: undefined }
  return { ...moved, ...signing, clusterId, nextReference: firstOfClone(random), minimumVersion: FORMAT }
}

function reseal(record: WholeRecord, from: Sealer, to: Sealer): WholeRecord {
  try {
    return resealed(record, from, to)
  } catch (cause) {
    throw damaged({ cause })
  }
}

const hasTwice = (records: readonly WholeRecord[]): boolean =>
  new Set(records.map(recordKey)).size < records.length

const isHead = (record: StoredRecord): record is AuditHeadRecord => record.kind === 'audit-head'

/** The audit logs as they come in: each must be whole, and end where its head says. */
function createLogs() {
  const newest = new Map<string, AuditEntry>()
  return {
    add(entry: AuditEntry) {
      const before = newest.get(entry.hsm)
      const follows = entry.sequence === (before?.sequence ?? -1) + 1
      if (!follows || verifyEntries([entry], before?.hash)) throw damaged()
      newest.set(entry.hsm, entry)
    },
    check(heads: readonly AuditHeadRecord[]) {
      const whole = heads.every(({ id, count, hash }) => {
        const last = newest.get(id)
        return count === (last?.sequence ?? -1) + 1 && hash === (last?.hash ?? hash)
      })
      if (!whole || newest.size > heads.length) throw damaged()
    },
  }
}

/** The new log pins the old ones. */
async function begin(store: Store, heads: readonly AuditHeadRecord[], options: Restoring): Promise<void> {
  const { source, hsmId, now } = options
  const event = {
    at: now,
    actor: '-',
    operation: 'backup.restore' satisfies OtherAudited,
    outcome: 'ok',
    subjects: [`cluster/${source}`, ...heads.map(({ id, count, hash }) => `audit/${id}/${count}/${hash}`)],
  }
  const { entry, head } = append(undefined, hsmId, event, FORMAT)
  await store.transact(() => ({ writes: [{ put: head }], audit: [entry], result: undefined }))
}
