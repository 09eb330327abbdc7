/**
 * What an operation changed, from its writes and the records before them. What may be shown of a record is named here, member by
 * member; whatever is not named stays out of the log, also when a later version adds it: hashes of passwords, sealed material.
 */
import { FLAG_NAMES, type Template } from '../contract/attributes.ts'
import { type AuditPolicy, DEFAULT_AUDIT_POLICY } from '../contract/audit-policy.ts'
import type { AuditChange, ShownValue } from '../model/audit.ts'
import {
  type RecordKey,
  recordKey,
  type StoredRecord,
  type UserRecord,
  type Write,
} from '../model/records.ts'

/** Where the records are as they were before. */
export type Before = {
  get(key: RecordKey): StoredRecord | undefined
  user(id: string): UserRecord | undefined
}

export type Changes = {
  /** The objects that the writes are about, in their order. */
  readonly objects: readonly string[]
  readonly changes: readonly AuditChange[]
  readonly changesLeftOut?: number
}

/** In characters of JSON, of all changes in one entry. */
const MAX_LENGTH = 64 * 1024

/** What the writes change, from the records before them. Lists only as much as one entry holds. */
export function changesOf(before: Before, writes: readonly Write[]): Changes {
  const pairs = new Map<string, { old: StoredRecord | undefined; now: StoredRecord | undefined }>()
  for (const write of writes) {
    const key = 'put' in write ? recordKey(write.put) : write.delete
    const now = 'put' in write ? write.put : undefined
    pairs.set(key, { old: pairs.get(key)?.old ?? before.get(key as RecordKey), now })
  }
  const objects = new Set<string>()
  const changes: AuditChange[] = []
  for (const { old, now } of pairs.values()) {
    const record = now ?? old
    if (!record) continue
    const name = nameOf(record)
    if (name === undefined) continue
    objects.add(name)
    changes.push(...differences(before, name, old, now))
  }
  return { objects: [...objects], ...bounded(together(changes)) }
}

/** As the log calls an object; undefined for what is not shown. Users are known by their names. */
function nameOf(record: StoredRecord): string | undefined {
  switch (record.kind) {
    case 'user':
      return `user/${record.username}`
    case 'key':
    case 'certificate':
      return recordKey(record)
    case 'cluster':
      return 'cluster'
    case 'login':
    case 'audit-head':
    case 'certificate-authority':
      return undefined
  }
}

function differences(
  before: Before,
  name: string,
  old: StoredRecord | undefined,
  now: StoredRecord | undefined,
): readonly AuditChange[] {
  // Of what is made or deleted, what tells it from others is enough: the rest follows from its kind.
  const [was, is] = [old ? shown(before, old) : {}, now ? shown(before, now) : {}]
  const names = old && now ? Object.keys({ ...was, ...is }) : Object.keys({ ...was, ...is }).filter(isTelling)
  return names.flatMap((what) => difference(name, what, was[what], is[what]))
}

function difference(
  name: string,
  what: string,
  from: ShownValue | undefined,
  to: ShownValue | undefined,
): readonly AuditChange[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return []
  const of = [name]
  if (typeof from !== 'object' && typeof to !== 'object') {
    return [{ of, what, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }]
  }
  const [left, right] = [listOf(from), listOf(to)]
  const added = right.filter((one) => !left.includes(one))
  const removed = left.filter((one) => !right.includes(one))
  if (added.length + removed.length === 0) return []
  return [{ of, what, ...(added.length > 0 && { added }), ...(removed.length > 0 && { removed }) }]
}

const listOf = (value: ShownValue | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'object' ? value : [String(value)]

const TELLING: ReadonlySet<string> = new Set([
  'label',
  'class',
  'key-type',
  'owner',
  'shared-users',
  'role',
  'cluster-id',
  'mode',
  'hsm-type',
])
const isTelling = (what: string): boolean => TELLING.has(what)

type Shown = Readonly<Record<string, ShownValue | undefined>>

/** The members that are shown, by the names that users know. */
function shown(before: Before, record: StoredRecord): Shown {
  const username = (id: string) => before.user(id)?.username
  switch (record.kind) {
    case 'user':
      return {
        role: record.role,
        'credential-version': record.credentialVersion,
        'wrong-passwords': record.wrongPasswords,
      }
    case 'key':
      return {
        label: record.label,
        class: record.keyClass,
        'key-type': record.keyType,
        owner: username(record.owner),
        'shared-users': record.sharedWith.flatMap((id) => username(id) ?? []),
        id: record.idAttribute,
        subject: record.subject,
        'wrap-template': templateText(record.wrapTemplate),
        'unwrap-template': templateText(record.unwrapTemplate),
        ...Object.fromEntries(FLAG_NAMES.map((flag) => [flag, record.flags[flag]])),
      }
    case 'certificate':
      return { label: record.label, id: record.idAttribute, owner: username(record.owner) }
    case 'cluster':
      return {
        'cluster-id': record.clusterId,
        state: record.state,
        mode: record.mode,
        'hsm-type': record.hsmType,
        'trusted-wrapping': record.trustedWrapping,
        'minimum-version': record.minimumVersion,
        'audit-public-key': record.auditPublicKey,
        ...policyMembers(record.auditPolicy),
      }
    case 'login':
    case 'audit-head':
    case 'certificate-authority':
      return {}
  }
}

const policyMembers = (policy: AuditPolicy = DEFAULT_AUDIT_POLICY): Shown => ({
  'audit-policy.key-use': policy.keyUse,
  'audit-policy.on-full': policy.onFull,
  'audit-policy.max-bytes': policy.maxBytes,
  'audit-policy.max-age-seconds': policy.maxAgeSeconds,
})

/** `sign=true encrypt=false` */
const templateText = (template: Template | undefined): string | undefined =>
  template &&
  Object.entries(template)
    .map(([flag, value]) => `${flag}=${value}`)
    .join(' ')

/** Changes that are alike are one, of several objects. */
function together(changes: readonly AuditChange[]): readonly AuditChange[] {
  const alike = Map.groupBy(changes, ({ of: _, ...rest }) => JSON.stringify(rest))
  return [...alike.values()].flatMap(([first, ...more]) =>
    first ? [{ ...first, of: [...first.of, ...more.flatMap(({ of }) => of)] }] : [],
  )
}

/** The first so many, so that an entry always fits into a commit. */
function bounded(changes: readonly AuditChange[]): Omit<Changes, 'objects'> {
  let length = 0
  const some = changes.filter((change) => {
    length += JSON.stringify(change).length
    return length <= MAX_LENGTH
  })
  const left = changes.length - some.length
  return { changes: some, ...(left > 0 && { changesLeftOut: left }) }
}
