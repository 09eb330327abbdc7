/** Which member of a record is sealed by itself, and in which context. */
import type { ClusterRecord, KeyRecord, RecordKind, WholeRecord } from '../model/records.ts'
import type { Sealer } from './seal.ts'

/** Material cannot be moved to another key, nor a private key to a secret one. */
export const materialContext = (key: Pick<KeyRecord, 'id' | 'keyType' | 'keyClass'>): string =>
  `material/${key.id}/${key.keyType}/${key.keyClass}`

/** What the seal of the CA's private key is bound to. */
export const AUTHORITY_CONTEXT = 'certificate-authority/self'
const LINEAGE_CONTEXT = 'lineage'

/** The member of a cluster record. @param secret 32 bytes */
export const sealLineage = (sealer: Sealer, secret: Uint8Array): string =>
  sealer.seal(secret, LINEAGE_CONTEXT).toString('base64')

/** The secret is the caller's to wipe. Throws when it is not sealed so. */
export const openLineage = (sealer: Sealer, { lineage }: Pick<ClusterRecord, 'lineage'>): Buffer =>
  sealer.open(Buffer.from(lineage, 'base64'), LINEAGE_CONTEXT)

const AUDIT_KEY_CONTEXT = 'audit-key'

/** The member of a cluster record. @param key PKCS #8 DER */
export const sealAuditKey = (sealer: Sealer, key: Uint8Array): string =>
  sealer.seal(key, AUDIT_KEY_CONTEXT).toString('base64')

/** PKCS #8 DER, the caller's to wipe. Throws when it is not sealed so. */
export const openAuditKey = (sealer: Sealer, auditKey: string): Buffer =>
  sealer.open(Buffer.from(auditKey, 'base64'), AUDIT_KEY_CONTEXT)

type Sealed<R> = readonly { readonly member: keyof R; readonly context: string }[]

/** A kind of record that is added does not compile until it is said what of it is sealed. */
const SEALED: {
  readonly [Kind in RecordKind]: (
    record: Extract<WholeRecord, { kind: Kind }>,
  ) => Sealed<Extract<WholeRecord, { kind: Kind }>>
} = {
  cluster: ({ auditKey }) => [
    { member: 'lineage', context: LINEAGE_CONTEXT },
    ...(auditKey === undefined ? [] : [{ member: 'auditKey', context: AUDIT_KEY_CONTEXT } as const]),
  ],
  key: (key) =>
    key.keyClass === 'public-key' ? [] : [{ member: 'material', context: materialContext(key) }],
  'certificate-authority': () => [{ member: 'key', context: AUTHORITY_CONTEXT }],
  user: () => [],
  login: () => [],
  certificate: () => [],
  'audit-head': () => [],
}

const sealedIn = <R extends WholeRecord>(record: R) =>
  (SEALED[record.kind] as (record: R) => Sealed<R>)(record)

/** The names of the members that are sealed by themselves. */
export const sealedMembers = (record: WholeRecord): readonly string[] =>
  sealedIn(record).map(({ member }) => member)

/**
 * The same record for another place, where other seals hold.
 *
 * @param from opens what is sealed in it @param to seals it again
 * @throws Error when something in it cannot be opened
 */
export function resealed<R extends WholeRecord>(record: R, from: Sealer, to: Sealer): R {
  const moved = sealedIn(record).map(({ member, context }) => [
    member,
    resealedMember(record[member], context, from, to),
  ])
  return moved.length === 0 ? record : { ...record, ...Object.fromEntries(moved) }
}

function resealedMember(sealed: unknown, context: string, from: Sealer, to: Sealer): string {
  const plain = from.open(Buffer.from(String(sealed), 'base64'), context)
  try {
    return to.seal(plain, context).toString('base64')
  } finally {
    plain.fill(0)
  }
}
