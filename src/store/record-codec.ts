/** Records and audit entries as bytes, and back; what comes back is checked, for the store may be hostile. */
import { FLAG_NAMES, type Flags, KEY_CLASSES, KEY_TYPES } from '../contract/attributes.ts'
import { HsmError } from '../contract/errors.ts'
import { CURVE_NAMES, ML_DSA_ALGORITHMS } from '../contract/mechanisms.ts'
import { HSM_TYPES, MODES } from '../contract/profiles.ts'
import type { ShownRole } from '../contract/users.ts'
import type { AuditEntry } from '../model/audit.ts'
import {
  type AuditHeadRecord,
  type CertificateAuthorityRecord,
  type CertificateRecord,
  type ClusterRecord,
  type EcFacts,
  type KeyRecord,
  type MlDsaFacts,
  type RecordKind,
  type RsaFacts,
  recordKey,
  type StoredRecord,
  type UserRecord,
} from '../model/records.ts'
import {
  count,
  flag,
  listOf,
  object,
  oneOf,
  optional,
  partial,
  type Read,
  type Shape,
  text,
} from './shape.ts'

const template = optional(partial(FLAG_NAMES, flag))
const flags = Object.fromEntries(FLAG_NAMES.map((name) => [name, flag])) as Shape<Flags>
const roles = ['crypto-user', 'admin', 'unactivated-admin', 'internal(APPLIANCE_USER)'] as const
const curves = Object.values(CURVE_NAMES)

const RECORDS = {
  cluster: object<ClusterRecord>({
    kind: oneOf(['cluster']),
    id: oneOf(['self']),
    clusterId: text,
    state: oneOf(['INITIALIZED', 'ACTIVE']),
    nextReference: count,
    keyUseFence: flag,
    mode: oneOf(MODES),
    hsmType: oneOf(HSM_TYPES),
    trustedWrappingSince: optional(count),
  }),
  user: object<UserRecord>({
    kind: oneOf(['user']),
    id: text,
    username: text,
    role: oneOf<ShownRole>(roles),
    password: optional(text),
    wrongPasswords: count,
    credentialVersion: count,
    survivingSession: optional(text),
    ordinal: count,
  }),
  key: object<KeyRecord>({
    kind: oneOf(['key']),
    id: text,
    owner: text,
    sharedWith: listOf(text),
    keyType: oneOf(KEY_TYPES),
    keyClass: oneOf(KEY_CLASSES),
    label: text,
    idAttribute: text,
    subject: optional(text),
    flags: object(flags),
    wrapTemplate: template,
    unwrapTemplate: template,
    checkValue: optional(text),
    keyLengthBytes: count,
    rsa: optional(object<RsaFacts>({ publicExponent: text, modulus: text, modulusSizeBits: count })),
    ec: optional(object<EcFacts>({ ecPoint: text, curve: oneOf(curves) })),
    mlDsa: optional(object<MlDsaFacts>({ algorithm: oneOf(ML_DSA_ALGORITHMS) })),
    material: text,
  }),
  certificate: object<CertificateRecord>({
    kind: oneOf(['certificate']),
    id: text,
    owner: text,
    label: text,
    idAttribute: text,
    value: text,
  }),
  'audit-head': object<AuditHeadRecord>({ kind: oneOf(['audit-head']), id: text, count, hash: text }),
  'certificate-authority': object<CertificateAuthorityRecord>({
    kind: oneOf(['certificate-authority']),
    id: oneOf(['self']),
    certificate: text,
    key: text,
  }),
} satisfies { [Kind in RecordKind]: Read<Extract<StoredRecord, { kind: Kind }>> }

const auditEntry = object<AuditEntry>({
  hsm: text,
  sequence: count,
  previous: text,
  at: count,
  actor: text,
  operation: text,
  outcome: text,
  subjects: listOf(text),
  hash: text,
})

export const encode = (value: StoredRecord | AuditEntry): Buffer => Buffer.from(JSON.stringify(value))

/**
 * @param key where the bytes stood
 * @throws HsmError `store-damaged` when they are not a record, or one that belongs under another key
 */
export function decodeRecord(key: string, bytes: Buffer): StoredRecord {
  const kind = key.slice(0, key.indexOf('/'))
  const record = decode(`Record ${key}`, bytes, readerOf(kind))
  if (recordKey(record) === key) return record
  throw new HsmError('store-damaged', `Record ${key} is damaged: it holds record ${recordKey(record)}`)
}

/** @throws HsmError `store-damaged` when the bytes are not the entry in that place of the log */
export function decodeAuditEntry(hsm: string, sequence: number, bytes: Buffer): AuditEntry {
  const entry = decode(`Audit entry ${hsm}/${sequence}`, bytes, auditEntry)
  if (entry.hsm === hsm && entry.sequence === sequence) return entry
  throw new HsmError('store-damaged', `Audit entry ${hsm}/${sequence} is damaged: it belongs elsewhere`)
}

function decode<T>(name: string, bytes: Buffer, read: Read<T>): T {
  try {
    return read(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    const why = cause instanceof TypeError ? cause.message : 'it is not JSON'
    throw new HsmError('store-damaged', `${name} is damaged: ${why}`, { cause })
  }
}

function readerOf(kind: string): Read<StoredRecord> {
  if (Object.hasOwn(RECORDS, kind)) return RECORDS[kind as RecordKind]
  return () => {
    throw new TypeError('its kind is unknown')
  }
}
