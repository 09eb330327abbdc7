/**
 * What is in a snapshot: records of the present format with the revisions they stand at, many in one chunk. It is made to be
 * read fast, since a start waits for it. Keys are by far the most records: each is a list of the values of its members, in the
 * order of the shape, and what many have alike (owners, flags) stands once in the chunk.
 *
 * Whoever wrote a chunk had read these records and checked them, with this very version of the program, and sealed them. So
 * keys are not checked again.
 */
import type { Catalog } from '../../catalog/catalog.ts'
import { SHAPES } from '../../model/record-shapes.ts'
import type { KeyRecord, RecordKey, StoredRecord } from '../../model/records.ts'

/** Revision, id, and the other members; null for one that is left out. */
type KeyRow = readonly [number, string, ...unknown[]]

type Chunk = {
  /** What keys have alike: a row has the place in this list. */
  readonly shared: readonly unknown[]
  readonly keys: readonly KeyRow[]
  readonly others: readonly (readonly [number, { readonly kind: keyof typeof SHAPES; readonly id: string }])[]
  /** Records that are in the store and not in the catalog. */
  readonly bare: readonly (readonly [number, string])[]
  /** Records that earlier chunks have. */
  readonly gone: readonly RecordKey[]
}

export interface ChunkWriter {
  /** @param revision undefined: the record is gone @param record undefined: the catalog does not have it */
  add(key: string, revision: number | undefined, record: StoredRecord | undefined): void
  rows(): number
  /** About as many as it has. */
  bytes(): number
  finish(): Buffer
}

/** What is in memory of a key, and so in a snapshot. */
const MEMBERS = SHAPES.key.members.filter((name): name is keyof KeyRecord => name !== 'material')
const COLUMNS = MEMBERS.filter((name) => name !== 'kind' && name !== 'id')
const KNOWN: ReadonlySet<string> = new Set(MEMBERS)
const SHARED: ReadonlySet<string> = new Set<keyof KeyRecord>([
  'owner',
  'sharedWith',
  'keyClass',
  'flags',
  'wrapTemplate',
  'unwrapTemplate',
])
/** Whether that column has places in the list of what is shared. */
const IS_SHARED = COLUMNS.map((name) => SHARED.has(name))

/** A chunk, empty at first. */
export function createChunk(): ChunkWriter {
  const shared = createInterning()
  const lists = { keys: createList(), others: createList(), bare: createList(), gone: createList() }
  const all = Object.values(lists)
  const rowOf = (revision: number, record: KeyRecord): KeyRow => {
    const values = COLUMNS.map((name, at) => {
      const value = record[name]
      return value !== undefined && IS_SHARED[at] ? shared.place(value) : (value ?? null)
    })
    return [revision, record.id, ...values]
  }
  return {
    add(key, revision, record) {
      if (revision === undefined) lists.gone.add(key)
      else if (!record) lists.bare.add([revision, key])
      else if (record.kind === 'key' && isKnown(record)) lists.keys.add(rowOf(revision, record))
      else lists.others.add([revision, record])
    },
    rows: () => all.reduce((sum, list) => sum + list.size(), 0),
    bytes: () => all.reduce((sum, list) => sum + list.bytes(), 0),
    finish() {
      const members = Object.entries(lists).map(([name, list]) => `"${name}":${list.text()}`)
      return toBytes(`{"shared":${shared.text()},${members.join()}}`)
    },
  }
}

/** One byte for each character, as V8 has a text that has no others: a modulus takes no more than it has, and is parsed fast. */
const toBytes = (json: string): Buffer => Buffer.from(json.replace(BEYOND, escaped), 'latin1')
const BEYOND = /[\u0100-\uffff]/g
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A member that a later version has added has no column. */
function isKnown(record: KeyRecord): boolean {
  for (const name in record) if (!KNOWN.has(name)) return false
  return true
}

/** Each row becomes text at once, so that the work is done in small pieces. */
function createList() {
  const rows: string[] = []
  let bytes = 0
  return {
    add(row: unknown) {
      const text = JSON.stringify(row)
      rows.push(text)
      bytes += text.length
    },
    size: () => rows.length,
    bytes: () => bytes,
    text: () => `[${rows.join()}]`,
  }
}

function createInterning() {
  const places = new Map<string, number>()
  /** Most are the very same value, which is not to be made text again. */
  const seen = new Map<unknown, number>()
  function placeOf(value: unknown): number {
    const text = JSON.stringify(value)
    const known = places.get(text)
    if (known !== undefined) return known
    places.set(text, places.size)
    return places.size - 1
  }
  return {
    place(value: unknown): number {
      const place = seen.get(value) ?? placeOf(value)
      seen.set(value, place)
      return place
    },
    text: () => `[${[...places.keys()].join()}]`,
  }
}

/** What chunks are read into, one after another. */
export type Contents = { readonly catalog: Catalog; readonly revisions: Map<string, number> }

/** @param bytes of a chunk that was opened. Throws what reading what nobody of ours wrote may throw. */
export function readChunk(bytes: Buffer, { catalog, revisions }: Contents): void {
  const { shared, keys, others, bare, gone }: Chunk = JSON.parse(bytes.toString('latin1'))
  for (const row of keys) {
    const record = keyOf(row, shared)
    catalog.apply({ put: record })
    revisions.set(`key/${record.id}`, row[0])
  }
  for (const [revision, record] of others) {
    catalog.apply({ put: otherOf(record) })
    revisions.set(`${record.kind}/${record.id}`, revision)
  }
  for (const [revision, key] of bare) revisions.set(key, revision)
  for (const key of gone) {
    catalog.apply({ delete: key })
    revisions.delete(key)
  }
}

/** A key is here that has more members than this version knows. */
const otherOf = (record: { readonly kind: keyof typeof SHAPES }): StoredRecord =>
  record.kind === 'key' ? ({ ...BLANK, ...record } as KeyRecord) : SHAPES[record.kind](record)

/** Copied for each key: an object that is given its members one by one becomes a hash table to V8, which takes five times the memory. */
const BLANK: Readonly<Record<string, unknown>> = Object.fromEntries(MEMBERS.map((name) => [name, undefined]))

/** Laid out as those that are read from the store. */
function keyOf(row: KeyRow, shared: readonly unknown[]): KeyRecord {
  const record = { ...BLANK, kind: 'key', id: row[1] } as Record<string, unknown>
  for (let column = 0; column < COLUMNS.length; column++) {
    const value = row[column + 2]
    const name = COLUMNS[column]
    if (value !== null && name !== undefined)
      record[name] = IS_SHARED[column] ? shared[value as number] : value
  }
  return record as KeyRecord
}
