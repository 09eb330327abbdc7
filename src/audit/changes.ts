/**
 * What an operation changed, from its writes and the records before them. What may be shown of a record is named here, member by
 * member; whatever is not named stays out of the log, also when a later version adds it: hashes of passwords, sealed material.
 */
import { FLAG_NAMES, type Flags, type Template } from '../contract/attributes.ts'
import { type AuditPolicy, DEFAULT_AUDIT_POLICY } from '../contract/audit-policy.ts'
import { DEFAULT_MATERIAL_IN_MEMORY } from '../contract/key-material.ts'
import type { AuditChange, ShownValue } from '../model/audit.ts'
import {
  type RecordKey,
  type RecordKind,
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
  const { kind } = (now ?? old) as StoredRecord
  const changes: AuditChange[] = []
  for (const { what, member, show } of SHOWN[kind] as readonly AnyMember[]) {
    const was = memberOf(old, member)
    const is = memberOf(now, member)
    // Records share what a change left alone. Of what is made or deleted, what tells it from others is enough.
    if (old && now ? was === is : !TELLING.has(what)) continue
    const shown = (value: unknown) => (show ? show(value, before) : (value as ShownValue))
    const found = difference(name, what, old && shown(was), now && shown(is))
    if (found) changes.push(found)
  }
  return changes
}

const memberOf = (record: StoredRecord | undefined, member: string): unknown =>
  (record as Readonly<Record<string, unknown>> | undefined)?.[member]

function difference(
  name: string,
  what: string,
  from: ShownValue | undefined,
  to: ShownValue | undefined,
): AuditChange | undefined {
  const of = [name]
  if (typeof from !== 'object' && typeof to !== 'object') {
    if (from === to) return undefined
    return { of, what, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
  }
  const [left, right] = [namesOf(from), namesOf(to)]
  const added = [...right].filter((one) => !left.has(one))
  const removed = [...left].filter((one) => !right.has(one))
  if (added.length + removed.length === 0) return undefined
  return { of, what, ...(added.length > 0 && { added }), ...(removed.length > 0 && { removed }) }
}

const namesOf = (value: ShownValue | undefined): ReadonlySet<string> =>
  new Set(value === undefined ? [] : typeof value === 'object' ? value : [String(value)])

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

/** A member that is shown, by the name that users know. What is no value of the log says how it is shown. */
type Shown<R> = {
  [Member in keyof R]: {
    readonly what: string
    readonly member: Member
  } & (R[Member] extends ShownValue | undefined
    ? { readonly show?: Show<R[Member]> }
    : { readonly show: Show<R[Member]> })
}[keyof R]
type Show<Value> = (value: Value, before: Before) => ShownValue | undefined
type AnyMember = { readonly what: string; readonly member: string; readonly show?: Show<unknown> }

const username = (id: string, before: Before) => before.user(id)?.username
const usernames = (ids: readonly string[], before: Before) => ids.flatMap((id) => username(id, before) ?? [])
/** `sign=true encrypt=false` */
const templateText = (template: Template | undefined) =>
  template &&
  Object.entries(template)
    .map(([flag, value]) => `${flag}=${value}`)
    .join(' ')
const policy =
  (member: keyof AuditPolicy) =>
  (policy: AuditPolicy = DEFAULT_AUDIT_POLICY) =>
    policy[member]

const SHOWN: { readonly [Kind in RecordKind]: readonly Shown<Extract<StoredRecord, { kind: Kind }>>[] } = {
  user: [
    { what: 'role', member: 'role' },
    { what: 'credential-version', member: 'credentialVersion' },
    { what: 'wrong-passwords', member: 'wrongPasswords' },
  ],
  key: [
    { what: 'label', member: 'label' },
    { what: 'class', member: 'keyClass' },
    { what: 'key-type', member: 'keyType' },
    { what: 'owner', member: 'owner', show: username },
    { what: 'shared-users', member: 'sharedWith', show: usernames },
    { what: 'id', member: 'idAttribute' },
    { what: 'subject', member: 'subject' },
    { what: 'wrap-template', member: 'wrapTemplate', show: templateText },
    { what: 'unwrap-template', member: 'unwrapTemplate', show: templateText },
    ...FLAG_NAMES.map(
      (flag) => ({ what: flag, member: 'flags', show: (flags: Flags) => flags[flag] }) as const,
    ),
  ],
  certificate: [
    { what: 'label', member: 'label' },
    { what: 'id', member: 'idAttribute' },
    { what: 'owner', member: 'owner', show: username },
  ],
  cluster: [
    { what: 'cluster-id', member: 'clusterId' },
    { what: 'state', member: 'state' },
    { what: 'mode', member: 'mode' },
    { what: 'hsm-type', member: 'hsmType' },
    { what: 'trusted-wrapping', member: 'trustedWrapping' },
    { what: 'minimum-version', member: 'minimumVersion' },
    { what: 'audit-public-key', member: 'auditPublicKey' },
    { what: 'audit-policy.key-use', member: 'auditPolicy', show: policy('keyUse') },
    { what: 'audit-policy.on-full', member: 'auditPolicy', show: policy('onFull') },
    { what: 'audit-policy.max-bytes', member: 'auditPolicy', show: policy('maxBytes') },
    { what: 'audit-policy.max-age-seconds', member: 'auditPolicy', show: policy('maxAgeSeconds') },
    {
      what: 'material-in-memory',
      member: 'materialInMemory',
      show: (choice = DEFAULT_MATERIAL_IN_MEMORY) => choice,
    },
  ],
  login: [],
  'audit-head': [],
  'certificate-authority': [],
}

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
