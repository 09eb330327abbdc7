/**
 * Records of the present format and audit entries, read back from decoded JSON: whoever wrote it may be hostile. Members
 * that are not known are kept; flags that are not known are refused, for they may forbid something.
 */

import { CURVE_NAMES, ML_DSA_ALGORITHMS } from '../contract/algorithms.ts'
import { FLAG_NAMES, type Flags, KEY_CLASSES, KEY_TYPES } from '../contract/attributes.ts'
import { type AuditPolicy, KEY_USE, ON_FULL } from '../contract/audit-policy.ts'
import { SOURCE_KINDS } from '../contract/call-source.ts'
import { MATERIAL_IN_MEMORY } from '../contract/key-material.ts'
import { HSM_TYPES, MODES } from '../contract/profiles.ts'
import type { ShownRole } from '../contract/users.ts'
import type { AuditChange, AuditEntry, ShownValue } from './audit.ts'
import { fromHex, type Octets } from './octets.ts'
import type {
  AuditHeadRecord,
  CertificateAuthorityRecord,
  CertificateRecord,
  ClusterRecord,
  EcFacts,
  JournalHead,
  LoginRecord,
  MlDsaFacts,
  RecordKind,
  RsaFacts,
  UserRecord,
  WholeKey,
  WholeRecord,
} from './records.ts'
import {
  count,
  extensible,
  flag,
  listOf,
  object,
  oneOf,
  optional,
  partial,
  type Read,
  type Shape,
  shared,
  text,
} from './shape.ts'

const template = optional(partial(FLAG_NAMES, flag))
const flags = shared(
  object(Object.fromEntries(FLAG_NAMES.map((name) => [name, flag])) as Shape<Flags>),
  (values) => FLAG_NAMES.reduce((bits, name) => bits * 2 + Number(values[name]), 0),
)
const octets: Read<Octets> = (value) => fromHex(text(value))
/** Keys have owners in common; most are shared with nobody, and what is empty is one list. */
const owner = shared(text, (id) => id)
const NOBODY: readonly string[] = []
const users: Read<readonly string[]> = (value) => {
  const ids = listOf(owner)(value)
  return ids.length === 0 ? NOBODY : ids
}
/** Of users. */
export const ROLES = ['crypto-user', 'admin', 'unactivated-admin', 'internal(APPLIANCE_USER)'] as const
const curves = Object.values(CURVE_NAMES)

const auditPolicy = extensible<AuditPolicy>({
  keyUse: oneOf(KEY_USE),
  onFull: oneOf(ON_FULL),
  maxBytes: count,
  maxAgeSeconds: optional(count),
})

/** One reader for each kind of record; throws TypeError saying what is wrong. */
export const SHAPES = {
  cluster: extensible<ClusterRecord>({
    kind: oneOf(['cluster']),
    id: oneOf(['self']),
    clusterId: text,
    state: oneOf(['INITIALIZED', 'ACTIVE']),
    nextReference: count,
    keyUseFence: flag,
    mode: oneOf(MODES),
    hsmType: oneOf(HSM_TYPES),
    trustedWrapping: flag,
    lineage: text,
    minimumVersion: count,
    auditPolicy: optional(auditPolicy),
    auditPublicKey: optional(text),
    auditKey: optional(text),
    materialInMemory: optional(oneOf(MATERIAL_IN_MEMORY)),
  }),
  user: extensible<UserRecord>({
    kind: oneOf(['user']),
    id: text,
    username: text,
    role: oneOf<ShownRole>(ROLES),
    password: optional(text),
    wrongPasswords: count,
    credentialVersion: count,
    survivingSession: optional(text),
    ordinal: count,
  }),
  login: extensible<LoginRecord>({
    kind: oneOf(['login']),
    id: text,
    user: text,
    credentialVersion: count,
    secretHash: text,
    through: oneOf(SOURCE_KINDS),
    session: text,
    expiresAt: count,
    availabilityCheck: optional(flag),
    weakHashes: flag,
    idleMs: count,
  }),
  key: extensible<WholeKey>({
    kind: oneOf(['key']),
    id: text,
    owner,
    sharedWith: users,
    keyType: oneOf(KEY_TYPES),
    keyClass: oneOf(KEY_CLASSES),
    label: text,
    idAttribute: text,
    subject: optional(text),
    flags,
    wrapTemplate: template,
    unwrapTemplate: template,
    checkValue: optional(text),
    keyLengthBytes: count,
    rsa: optional(extensible<RsaFacts>({ publicExponent: text, modulus: octets, modulusSizeBits: count })),
    ec: optional(extensible<EcFacts>({ ecPoint: octets, curve: oneOf(curves) })),
    mlDsa: optional(extensible<MlDsaFacts>({ algorithm: oneOf(ML_DSA_ALGORITHMS) })),
    madeUnderPolicy: flag,
    material: text,
  }),
  certificate: extensible<CertificateRecord>({
    kind: oneOf(['certificate']),
    id: text,
    owner: text,
    label: text,
    idAttribute: text,
    value: text,
  }),
  'audit-head': extensible<AuditHeadRecord>({
    kind: oneOf(['audit-head']),
    id: text,
    count,
    hash: text,
    keyUse: optional(extensible<JournalHead>({ first: count, previous: text, count, hash: text })),
  }),
  'certificate-authority': extensible<CertificateAuthorityRecord>({
    kind: oneOf(['certificate-authority']),
    id: oneOf(['self']),
    certificate: text,
    key: text,
  }),
} satisfies { [Kind in RecordKind]: Read<Extract<WholeRecord, { kind: Kind }>> }

/** As it stands, once it is read: the hash of an entry is over that. */
const asItIs =
  <T>(read: Read<T>): Read<T> =>
  (value) => {
    read(value)
    return value as T
  }

const shownValue: Read<ShownValue> = (value) =>
  typeof value === 'string' || typeof value === 'boolean'
    ? value
    : Array.isArray(value)
      ? listOf(text)(value)
      : count(value)

const auditChange = extensible<AuditChange>({
  of: listOf(text),
  what: text,
  from: optional(shownValue),
  to: optional(shownValue),
  added: optional(listOf(text)),
  removed: optional(listOf(text)),
} as Shape<AuditChange>)

/** An entry of an audit log, of any format; throws TypeError saying what is wrong. */
export const auditEntry = extensible<AuditEntry>({
  version: optional(count),
  hsm: text,
  sequence: count,
  previous: text,
  at: count,
  actor: text,
  operation: text,
  outcome: text,
  subjects: listOf(text),
  role: optional(text),
  session: optional(text),
  source: optional(text),
  mechanism: optional(text),
  userRole: optional(text),
  count: optional(count),
  changes: optional(asItIs(listOf(auditChange))),
  changesLeftOut: optional(count),
  leftOut: optional(count),
  lost: optional(count),
  hash: text,
})
