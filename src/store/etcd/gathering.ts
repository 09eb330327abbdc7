/** Which of the transactions that wait can be one transaction of etcd, and what they write together. */
import type { Catalog, CatalogView } from '../../catalog/catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { formatOf } from '../../model/formats.ts'
import type { RecordKey } from '../../model/records.ts'
import { runBody, undo } from '../bodies.ts'
import { encodeEntry, encodeRecord } from '../record-codec.ts'
import type { Change, Conclusion } from '../store.ts'

/** Runs synchronously, perhaps several times, on a state of the catalog. */
export type Body = (view: CatalogView) => Conclusion<unknown>

/** What the transactions of one group write together, and what each of them is answered. */
export type Gathered = {
  /** Of the first bodies, as many as were taken. */
  readonly results: readonly ({ readonly result: unknown } | { readonly error: unknown })[]
  /** One for each record. */
  readonly changes: readonly Change[]
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

/** Runs bodies, each on what those before it have written. The catalog is as it was when this returns. */
export function gather(catalog: Catalog, bodies: readonly Body[]): Gathered {
  const results: Gathered['results'][number][] = []
  const applied: Change[] = []
  const audit: AuditEntry[] = []
  let size = EMPTY
  for (const body of bodies) {
    const run = attempt(catalog, body)
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
  return { results, changes: mergeChanges(applied), audit, format }
}

function attempt(catalog: Catalog, body: Body) {
  try {
    return runBody(catalog, body, 0)
  } catch (error) {
    return { error }
  }
}

type Size = {
  readonly records: ReadonlyMap<RecordKey, number>
  readonly entries: number
  readonly entryBytes: number
}

const EMPTY: Size = { records: new Map(), entries: 0, entryBytes: 0 }

function grow(size: Size, { changes, audit, format }: Omit<Gathered, 'results'>): Size {
  if (changes.length === 0 && audit.length === 0) return size
  const records = new Map(size.records)
  for (const { key, after } of changes) {
    records.set(key, OVERHEAD_BYTES + (after ? encodeRecord(after, format).length : 0))
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

/** What several changes of a record come to; nothing for one that was made and is gone again. */
function mergeChanges(changes: readonly Change[]): readonly Change[] {
  const merged = new Map<RecordKey, Change>()
  for (const change of changes) {
    merged.set(change.key, { ...change, before: (merged.get(change.key) ?? change).before })
  }
  return [...merged.values()].filter(({ before, after }) => before !== undefined || after !== undefined)
}
