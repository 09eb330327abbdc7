/**
 * Records as they are written down in each format, and how those of an older one are brought to the present one. A record
 * carries the format that it was written in as its version; the first format had none, and is closed to more members.
 *
 * A member that may be ignored is added without a new format: HSMs that do not know it keep it. Whatever must not be ignored,
 * above all what forbids something, needs a new format: HSMs that do not know that refuse the record.
 */
import { HsmError } from '../contract/errors.ts'
import type { AuditEntry } from './audit.ts'
import { toHex } from './octets.ts'
import { auditEntry, SHAPES } from './record-shapes.ts'
import type { ClusterRecord, RecordKind, StoredRecord, WholeKey, WholeRecord } from './records.ts'
import { count, membersOf, type Read } from './shape.ts'

/** The newest format there is, which is the present one. */
export const FORMAT = 3

type Written = Readonly<Record<string, unknown>>

/** What a new format changed of a kind of record. Both are pure; `down` gives undefined when that would lose something. */
type Change = {
  readonly up: (record: Written) => Written
  readonly down: (record: Written) => Written | undefined
}

/** There were none of that kind. */
function never(): never {
  throw new TypeError('its kind is unknown in that format')
}

const SAME: Change = { up: (record) => record, down: (record) => record }
/** The kind came with that format. */
const NEW: Change = { up: never, down: () => undefined }

/** Members came that may be left out, and may not be ignored. */
const gained = (...names: readonly string[]): Change => ({
  up: (record) => record,
  down: (record) => (names.every((name) => record[name] === undefined) ? record : undefined),
})

/** One less than there are formats. */
type EachChange<Format extends number, Changes extends readonly Change[] = []> = [
  'first',
  ...Changes,
]['length'] extends Format
  ? Changes
  : EachChange<Format, readonly [...Changes, Change]>

/** From each format to the next. A format that is added does not compile until each kind says what becomes of it. */
const CHANGES: { readonly [Kind in RecordKind]: EachChange<typeof FORMAT> } = {
  cluster: [
    {
      up: (cluster) => ({ ...cluster, minimumVersion: 1 }),
      down: ({ minimumVersion, ...cluster }) => (minimumVersion === 1 ? cluster : undefined),
    },
    // A policy can refuse uses of keys; the key is sealed by itself, and a clone must not have it.
    // What is to be in the memory of every HSM is to be known to every HSM.
    gained('auditPolicy', 'auditPublicKey', 'auditKey', 'materialInMemory'),
  ],
  user: [SAME, SAME],
  login: [NEW, NEW],
  key: [SAME, SAME],
  certificate: [SAME, SAME],
  // It comes with the policy.
  'audit-head': [SAME, gained('keyUse')],
  'certificate-authority': [SAME, SAME],
}

/** The members that records of the first format have, and no other. */
export const FIRST_MEMBERS: { readonly [Kind in RecordKind]: readonly string[] } = {
  cluster: words(
    'kind id clusterId state nextReference keyUseFence mode hsmType trustedWrapping lineage minimumVersion',
  ),
  user: words('kind id username role password wrongPasswords credentialVersion survivingSession ordinal'),
  login: [],
  key: words(
    'kind id owner sharedWith keyType keyClass label idAttribute subject flags wrapTemplate unwrapTemplate checkValue keyLengthBytes rsa ec mlDsa madeUnderPolicy material',
  ),
  certificate: words('kind id owner label idAttribute value'),
  'audit-head': words('kind id count hash'),
  'certificate-authority': words('kind id certificate key'),
}
const FIRST_FACTS: Readonly<Record<string, readonly string[]>> = {
  rsa: words('publicExponent modulus modulusSizeBits'),
  ec: words('ecPoint curve'),
  mlDsa: words('algorithm'),
}

function words(text: string): readonly string[] {
  return text.split(' ')
}

/** In which format the records of a cluster are written. One that is being founded has no HSM of an older version. */
export const formatOf = (cluster: ClusterRecord | undefined): number => cluster?.minimumVersion ?? FORMAT

/** The format that something was written in. Throws TypeError when it does not say. */
function versionOf(value: unknown): number {
  const { version = 1, kind, minimumVersion = 1 } = membersOf(value)
  const own = count(version)
  if (own === 0) throw new TypeError('it has no such version')
  return kind === 'cluster' ? Math.max(own, count(minimumVersion)) : own
}

/** A record of any kind and format, in the present one. Throws TypeError saying what is wrong, or as `newer`. */
export const readRecord: Read<WholeRecord> = (value) =>
  readerOf(String((value as { kind?: unknown } | null)?.kind))(value)

/** @returns the reader of a kind, of any format; one that throws TypeError for an unknown kind */
export function readerOf(kind: string): Read<WholeRecord> {
  if (Object.hasOwn(SHAPES, kind)) return recordReader(kind as RecordKind)
  return () => {
    throw new TypeError('its kind is unknown')
  }
}

/** @returns the reader of one kind of record, of any format */
export function recordReader<Kind extends RecordKind>(
  kind: Kind,
): Read<Extract<WholeRecord, { kind: Kind }>> {
  const shape = SHAPES[kind] as Read<WholeRecord> as Read<Extract<WholeRecord, { kind: Kind }>>
  return (value) => {
    refuseNewer('The record', value)
    const { version, ...record } = membersOf(value)
    const since = CHANGES[kind].slice(count(version ?? 1) - 1)
    return shape(since.reduce((older, { up }) => up(older), record as Written))
  }
}

/** An entry of any format: what its hash is over stays as it was. Throws as `readRecord` does. */
export const readAuditEntry: Read<AuditEntry> = (value) => {
  refuseNewer('The audit entry', value)
  return Object.fromEntries(
    Object.entries(auditEntry(value)).filter(([, member]) => member !== undefined),
  ) as AuditEntry
}

/** @param what is refused when it is of a format that is not known. Throws as `newer`, or TypeError when it does not say */
export function refuseNewer(what: string, value: unknown): void {
  const version = versionOf(value)
  if (version > FORMAT) throw newer(what, version)
}

/** `store-damaged`: it may be sound, but not for this program. */
const newer = (what: string, version: number): HsmError =>
  new HsmError(
    'store-damaged',
    `${what} was written by a newer version of Strongroom, in format ${version}, and this version reads formats up to ${FORMAT}; upgrade this HSM`,
  )

/**
 * A record as it is written down in a format.
 *
 * @throws HsmError `unavailable` when that format cannot hold it
 */
export function written(record: WholeRecord, format: number): Written {
  const version = record.kind === 'cluster' ? record.minimumVersion : format
  const older = downTo(record.kind === 'key' ? inHex(record) : record, version)
  if (!older) throw tooOld()
  return version === 1 ? older : { kind: record.kind, version, ...older }
}

const inHex = (key: WholeKey) => ({
  ...key,
  rsa: key.rsa && { ...key.rsa, modulus: toHex(key.rsa.modulus) },
  ec: key.ec && { ...key.ec, ecPoint: toHex(key.ec.ecPoint) },
})

/** Whether the format that a cluster's records are written in can hold this one. */
export const canHold = (cluster: ClusterRecord | undefined, record: StoredRecord): boolean =>
  downTo(record, formatOf(cluster)) !== undefined

/** Undefined when that format cannot hold it. */
function downTo(record: Written & Pick<StoredRecord, 'kind'>, format: number): Written | undefined {
  if (format === 1 && !isFirst(record)) return undefined
  return CHANGES[record.kind]
    .slice(format - 1)
    .reduceRight<Written | undefined>((newer, { down }) => newer && down(newer), record)
}

/** The oldest format that can hold the record, for a reader of which nothing is known. */
export function oldestFormat(record: WholeRecord): number {
  let oldest = FORMAT
  while (oldest > 1 && downTo(record, oldest - 1)) oldest -= 1
  return oldest
}

/** Whether it is one that the first format can hold. */
function isFirst(record: Written & Pick<StoredRecord, 'kind'>): boolean {
  const isIn = (value: object, names: readonly string[]) =>
    Object.entries(value).every(([name, member]) => member === undefined || names.includes(name))
  const facts = Object.entries(FIRST_FACTS).map(([name, names]) => [record[name], names] as const)
  return (
    isIn(record, FIRST_MEMBERS[record.kind]) &&
    facts.every(([value, names]) => typeof value !== 'object' || value === null || isIn(value, names))
  )
}

/** `unavailable`: the format that the cluster's records are written in cannot hold a record. */
export const tooOld = (): HsmError =>
  new HsmError(
    'unavailable',
    'This cannot be stored while an HSM of an earlier version belongs to the cluster; upgrade every HSM, and then try again',
  )
