/** Backups: made of the state at one moment, read part by part. */
import { type Header, writeHeader } from '../../backup/header.ts'
import { type Entry, sealersOf, sealHeader } from '../../backup/parts.ts'
import { BACKUP_KEY_BYTES, masterKeyWay } from '../../backup/ways.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Sealer } from '../../crypto/seal.ts'
import { resealed } from '../../crypto/sealed-fields.ts'
import { formatOf } from '../../model/formats.ts'
import { type RecordKind, recordKey, type StoredRecord, type WholeRecord } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import type { Store } from '../../store/store.ts'
import type { Parts } from '../parts.ts'
import { answer, change } from '../pipeline/pipeline.ts'

/** Records are immutable values: all of them, as they are at one moment, are a list. The material of keys is read part by part. */
type Snapshot = {
  readonly clusterId: string
  /** That the cluster's records are written in. */
  readonly format: number
  readonly records: readonly StoredRecord[]
  readonly users: number
  readonly keys: number
}

/** What stays here: a clone has a CA of its own, and nobody is logged in there. */
const STAYS: ReadonlySet<RecordKind> = new Set(['certificate-authority', 'login'])

/** Writes nothing but the audit entry. */
export const backupBegin = change<'backup.begin', Snapshot>({
  may: ({ view, cluster }) =>
    allow({
      clusterId: cluster.clusterId,
      format: formatOf(cluster),
      records: [...view.records()].filter(({ kind }) => !STAYS.has(kind)),
      users: view.userCount(),
      keys: view.keyCount(),
    }),
  reply({ parts, call: { actor } }, snapshot) {
    const { clusterId, format, users, keys } = snapshot
    const backup = Buffer.from(parts.random(16)).toString('hex')
    const key = parts.random(BACKUP_KEY_BYTES)
    try {
      const sealers = sealersOf(key, clusterId)
      const about = { backup, 'cluster-id': clusterId }
      const header: Header = {
        ...(format > 1 && { format }),
        ...about,
        'hsm-id': parts.hsm.id,
        'made-at': new Date(parts.now()).toISOString(),
        'made-by': `Strongroom ${parts.hsm.version}`,
        ways: [masterKeyWay(about, parts.backupKeys, key)],
      }
      const line = writeHeader(header)
      const entries = entriesOf(parts, snapshot, sealers.material)
      parts.backups.open(actor.session, { id: backup, entries, sealers, format })
      return { backup, header: line, check: sealHeader(sealers, line), users, keys }
    } finally {
      key.fill(0)
    }
  },
})

/** Keys that are read from the store at a time. */
const AT_ONCE = 100

/** Of the audit logs what was there at that moment: their heads say how much. */
async function* entriesOf(
  { sealer, store }: Pick<Parts, 'sealer' | 'store'>,
  { records }: Snapshot,
  material: Sealer,
): AsyncGenerator<Entry> {
  for await (const record of wholeRecords(store, records))
    yield { record: resealed(record, sealer, material) }
  for (const head of records) {
    if (head.kind !== 'audit-head') continue
    for (let first = 0; first < head.count; first += LIMITS.auditEntries) {
      const count = Math.min(LIMITS.auditEntries, head.count - first)
      for (const audit of await store.audit(head.id, first, count)) yield { audit }
    }
  }
}

async function* wholeRecords(store: Store, records: readonly StoredRecord[]): AsyncGenerator<WholeRecord> {
  for (let first = 0; first < records.length; first += AT_ONCE) {
    const some = records.slice(first, first + AT_ONCE).map((record) => wholeOf(store, record))
    for (const record of await Promise.all(some)) if (record) yield record
  }
}

/** Undefined for a key that was deleted since: its material is gone with it. */
async function wholeOf(store: Store, record: StoredRecord): Promise<WholeRecord | undefined> {
  if (record.kind !== 'key') return record
  if (!store.catalog.key(record.id)) return undefined
  try {
    return { ...record, material: await store.material(recordKey(record)) }
  } catch (error) {
    if (error instanceof HsmError && error.code === 'revoked') return undefined
    throw error
  }
}

export const backupNext = answer<'backup.next'>({
  async work({ actor }, { backup }, { parts: { backups } }) {
    const { sealed, last } = await backups.next(actor.session, backup)
    return { part: sealed, last }
  },
})
