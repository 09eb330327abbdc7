/** Records for tests of catalogs and stores. */
import { append } from '../../src/audit/chain.ts'
import type { CatalogView } from '../../src/catalog/catalog.ts'
import { FLAG_NAMES, type Flags } from '../../src/contract/attributes.ts'
import type { AuditEntry } from '../../src/model/audit.ts'
import { FORMAT } from '../../src/model/formats.ts'
import {
  apart,
  type ClusterRecord,
  type KeyRecord,
  type LoginRecord,
  recordKey,
  type StoredRecord,
  type UserRecord,
  type WholeRecord,
  type Write,
} from '../../src/model/records.ts'
import type { Conclusion } from '../../src/store/store.ts'

export const sampleCluster = (nextReference = 0): ClusterRecord => ({
  kind: 'cluster',
  id: 'self',
  clusterId: 'cluster-test2345abc',
  state: 'ACTIVE',
  nextReference,
  keyUseFence: false,
  mode: 'non-fips',
  hsmType: 'hsm2m.medium',
  trustedWrapping: false,
  lineage: 'c2VjcmV0',
  minimumVersion: FORMAT,
  auditPolicy: undefined,
  auditPublicKey: undefined,
  auditKey: undefined,
  materialInMemory: undefined,
})

export const sampleUser = (ordinal: number, changes: Partial<UserRecord> = {}): UserRecord => ({
  kind: 'user',
  id: `user-${ordinal}`,
  username: `name_${ordinal}`,
  role: 'crypto-user',
  password: undefined,
  wrongPasswords: 0,
  credentialVersion: 0,
  survivingSession: undefined,
  ordinal,
  ...changes,
})

export const sampleLogin = (number: number, changes: Partial<LoginRecord> = {}): LoginRecord => ({
  kind: 'login',
  id: number.toString(16).padStart(16, '0'),
  user: 'user-1',
  credentialVersion: 1,
  secretHash: 'ff',
  through: 'https',
  session: 'abc',
  expiresAt: 1,
  availabilityCheck: undefined,
  weakHashes: false,
  idleMs: 1000,
  ...changes,
})

const flags = Object.fromEntries(FLAG_NAMES.map((name, at) => [name, at % 2 === 0])) as Flags

export const reference = (number: number): string => `0x${number.toString(16).padStart(16, '0')}`

export const sampleKey = (number: number, changes: Partial<KeyRecord> = {}): KeyRecord => ({
  kind: 'key',
  id: reference(number),
  owner: 'user-1',
  sharedWith: [],
  keyType: 'aes',
  keyClass: 'secret-key',
  label: `label ${number}`,
  idAttribute: '0x01',
  subject: undefined,
  flags,
  wrapTemplate: undefined,
  unwrapTemplate: { wrap: true },
  checkValue: '0x1a2b3c',
  keyLengthBytes: 32,
  rsa: undefined,
  ec: undefined,
  mlDsa: undefined,
  madeUnderPolicy: false,
  ...changes,
})

/** Of every sample of a key, unless something else is said. */
export const MATERIAL = 'bWF0ZXJpYWw='

/** A record as it is written; keys have the material that is given. */
export const wholeSample = (record: StoredRecord, material = MATERIAL): WholeRecord =>
  record.kind === 'key' ? { ...record, material } : record

export const write = (record: StoredRecord, material = MATERIAL): Write =>
  apart(wholeSample(record, material))

export const put = (...records: readonly StoredRecord[]): Conclusion<undefined> => ({
  writes: records.map((record) => write(record)),
  audit: [],
  result: undefined,
})

/** One more entry in the audit log of an HSM, with the head that counts it. */
export function logged(view: CatalogView, hsm: string, operation: string): Conclusion<AuditEntry> {
  const head = view.get(`audit-head/${hsm}`)
  const event = { at: 1, actor: 'alice', operation, outcome: 'ok', subjects: [] }
  const next = append(head?.kind === 'audit-head' ? head : undefined, hsm, event, FORMAT)
  return { writes: [{ put: next.head }], audit: [next.entry], result: next.entry }
}

/** All that a catalog holds; users in their order, too. */
export const contents = (view: CatalogView) => ({
  users: view.users(),
  records: new Map([...view.records()].map((record) => [recordKey(record), record])),
})
