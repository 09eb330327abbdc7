/** Which of the transactions that wait can be one transaction of etcd, and what they write together. */
import type { Catalog, CatalogView } from '../../catalog/catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { formatOf } from '../../model/formats.ts'
import type { RecordKey, WholeRecord } from '../../model/records.ts'
import { type KeyedChange, merged, runBody, undo, whole } from '../bodies.ts'
import { encodeEntry, encodeRecord } from '../record-codec.ts'
import type { Change, Conclusion } from '../store.ts'

/** Runs synchronously, perhaps several times, on a state of the catalog. */
export type Body = (view: CatalogView) => Conclusion<unknown>

/** A record that is written as a whole; undefined when it goes. */
export type WholeChange = Pick<Change, 'key'> & { readonly record: WholeRecord | undefined }

/** What the transactions of one group write together, and what each of them is answered. */
export type Gathered = {
  /** Of the first bodies, as many as were taken. */
  readonly results: readonly ({ readonly result: unknown } | { readonly error: unknown })[]
  /** One for each record. */
  readonly changes: readonly WholeChange[]
  readonly audit: readonly AuditEntry[]
  /** That the records are written in: of the cluster as these changes leave it. */
  readonly format: number
}

/** Defaults of etcd's `--max-txn-ops` and `--max-request-bytes`. */
const MAX_OPERATIONS = 128
const MAX_BYTES = 1.5 * 1024 * 1024
/** The root takes one of the operations and part of the bytes. */
const RECORD_OPERATIONS = MAX_OPERATIONS - 1
const RECORD_BYTES = MAX_BYTES - 8 * 1024
/** What a seal, a key and its place in the request add to a record; keys are short. */
const OVERHEAD_BYTES = 256

/** What is known of the material of a key that stands: of one that is written again, with what it has. */
export type Standing = (key: RecordKey) => string | HsmError | undefined

/** The keys whose materials must be read first. */
export type Lacking = { readonly lacking: readonly RecordKey[] }

/**
 * Runs bodies, each on what those before it have written. The catalog is as it was when this returns.
 */
export function gather(catalog: Catalog, bodies: readonly Body[], standing: Standing): Gathered | Lacking {
  const results: Gathered['results'][number][] = []
  const applied: KeyedChange[] = []
  const lacking: RecordKey[] = []
  const audit: AuditEntry[] = []
  let size = EMPTY
  for (const body of bodies) {
    const run = attempt(catalog, body, (key) => {
      const made = applied.findLast((change) => change.key === key && change.material !== undefined)
      const material = made?.material ?? standing(key)
      if (material instanceof HsmError) throw material
      if (material === undefined) lacking.push(key)
      return material ?? ''
    })
    if ('error' in run) {
      results.push(run)
      continue
    }
    const grown = grow(size, { ...run, format: formatOf(catalog.cluster()) })
    if (fits(grown)) {
      size = grown
      applied.push(...run.changes)
      audit.push(...run.audit)
      results.push({ result: run.result })
      continue
    }
    undo(catalog, run.changes)
    if (size !== EMPTY) break
    results.push({ error: tooLarge(grown) })
  }
  const format = formatOf(catalog.cluster())
  undo(catalog, applied)
  if (lacking.length > 0) return { lacking }
  const changes = merged(applied).map((change) => ({ key: change.key, record: whole(change, () => '') }))
  return { results, changes, audit, format }
}

/** The changes of one body, each with the material that it takes. */
function attempt(catalog: Catalog, body: Body, standing: (key: RecordKey) => string) {
  let changes: readonly KeyedChange[] = []
  try {
    const run = runBody(catalog, body, 0)
    changes = run.changes
    return { ...run, changes: changes.map((change) => withMaterial(change, standing)) }
  } catch (error) {
    undo(catalog, changes)
    return { error }
  }
}

function withMaterial(change: KeyedChange, standing: (key: RecordKey) => string): KeyedChange {
  const { key, after, material } = change
  return after?.kind === 'key' ? { ...change, material: material ?? standing(key) } : change
}

type Size = {
  readonly records: ReadonlyMap<RecordKey, number>
  readonly entries: number
  readonly entryBytes: number
}

const EMPTY: Size = { records: new Map(), entries: 0, entryBytes: 0 }

type Growth = Pick<Gathered, 'audit' | 'format'> & { readonly changes: readonly KeyedChange[] }

function grow(size: Size, { changes, audit, format }: Growth): Size {
  if (changes.length === 0 && audit.length === 0) return size
  const records = new Map(size.records)
  for (const change of changes) {
    const record = whole(change, () => '')
    records.set(change.key, OVERHEAD_BYTES + (record ? encodeRecord(record, format).length : 0))
  }
  const entryBytes = audit.reduce(
    (sum, entry) => sum + OVERHEAD_BYTES + encodeEntry(entry).length,
    size.entryBytes,
  )
  return { records, entries: size.entries + audit.length, entryBytes }
}

const operations = ({ records, entries }: Size): number => records.size + entries
const bytes = ({ records, entryBytes }: Size): number =>
  records.values().reduce((sum, each) => sum + each, entryBytes)
const fits = (size: Size): boolean => operations(size) <= RECORD_OPERATIONS && bytes(size) <= RECORD_BYTES

function tooLarge(size: Size): HsmError {
  const [what, limit] =
    operations(size) > RECORD_OPERATIONS
      ? [`${operations(size)} records and audit entries`, `${RECORD_OPERATIONS}`]
      : [`${bytes(size)} bytes`, `${RECORD_BYTES}`]
  return new HsmError(
    'store-failure',
    `The change is too large for etcd: ${what}, and it takes ${limit} at once; nothing was changed`,
  )
}
