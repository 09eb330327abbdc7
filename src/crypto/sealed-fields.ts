/** What of a record is sealed by itself, inside the record, and as what. */
import type { ClusterRecord, KeyRecord, RecordKind, StoredRecord } from '../model/records.ts'
import type { Sealer } from './seal.ts'

/** Material cannot be moved to another key, nor a private key to a secret one. */
export const materialContext = (key: Pick<KeyRecord, 'id' | 'keyType' | 'keyClass'>): string =>
  `material/${key.id}/${key.keyType}/${key.keyClass}`

export const AUTHORITY_CONTEXT = 'certificate-authority/self'
const LINEAGE_CONTEXT = 'lineage'

/** The member of a cluster record. @param secret 32 bytes */
export const sealLineage = (sealer: Sealer, secret: Uint8Array): string =>
  sealer.seal(secret, LINEAGE_CONTEXT).toString('base64')

/** The secret is the caller's to wipe. Throws when it is not sealed so. */
export const openLineage = (sealer: Sealer, { lineage }: Pick<ClusterRecord, 'lineage'>): Buffer =>
  sealer.open(Buffer.from(lineage, 'base64'), LINEAGE_CONTEXT)

type Sealed<R> = { readonly member: keyof R; readonly context: string } | undefined

/** A kind of record that is added does not compile until it is said what of it is sealed. */
const SEALED: {
  readonly [Kind in RecordKind]: (
    record: Extract<StoredRecord, { kind: Kind }>,
  ) => Sealed<Extract<StoredRecord, { kind: Kind }>>
} = {
  cluster: () => ({ member: 'lineage', context: LINEAGE_CONTEXT }),
  key: (key) =>
    key.keyClass === 'public-key' ? undefined : { member: 'material', context: materialContext(key) },
  'certificate-authority': () => ({ member: 'key', context: AUTHORITY_CONTEXT }),
  user: () => undefined,
  login: () => undefined,
  certificate: () => undefined,
  'audit-head': () => undefined,
}

const sealedIn = <R extends StoredRecord>(record: R) =>
  (SEALED[record.kind] as (record: R) => Sealed<R>)(record)

/** The name of the member that is sealed by itself; undefined when none is. */
export const sealedMember = (record: StoredRecord): string | undefined => sealedIn(record)?.member

/**
 * The same record for another place, where other seals hold.
 *
 * @param from opens what is sealed in it @param to seals it again
 * @throws Error when something in it cannot be opened
 */
export function resealed<R extends StoredRecord>(record: R, from: Sealer, to: Sealer): R {
  const sealed = sealedIn(record)
  if (!sealed) return record
  const plain = from.open(Buffer.from(String(record[sealed.member]), 'base64'), sealed.context)
  try {
    return { ...record, [sealed.member]: to.seal(plain, sealed.context).toString('base64') }
  } finally {
    plain.fill(0)
  }
}
