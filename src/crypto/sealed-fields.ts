/** What of a record is sealed by itself, inside the record, and as what. */
import type { ClusterRecord, KeyRecord, StoredRecord } from '../model/records.ts'
import type { Sealer } from './seal.ts'

/** Material cannot be moved to another key, nor a private key to a secret one. */
export const materialContext = (key: Pick<KeyRecord, 'id' | 'keyType' | 'keyClass'>): string =>
  `material/${key.id}/${key.keyType}/${key.keyClass}`

const LINEAGE_CONTEXT = 'lineage'

/** The member of a cluster record. @param secret 32 bytes */
export const sealLineage = (sealer: Sealer, secret: Uint8Array): string =>
  sealer.seal(secret, LINEAGE_CONTEXT).toString('base64')

/** The secret is the caller's to wipe. Throws when it is not sealed so. */
export const openLineage = (sealer: Sealer, { lineage }: Pick<ClusterRecord, 'lineage'>): Buffer =>
  sealer.open(Buffer.from(lineage, 'base64'), LINEAGE_CONTEXT)

/**
 * The same record for another place, where other seals hold.
 *
 * @param from opens what is sealed in it @param to seals it again
 * @throws Error when something in it cannot be opened
 */
export function resealed<R extends StoredRecord>(record: R, from: Sealer, to: Sealer): R {
  const again = (sealed: string, context: string): string => {
    const plain = from.open(Buffer.from(sealed, 'base64'), context)
    try {
      return to.seal(plain, context).toString('base64')
    } finally {
      plain.fill(0)
    }
  }
  if (record.kind === 'cluster') return { ...record, lineage: again(record.lineage, LINEAGE_CONTEXT) }
  if (record.kind !== 'key' || record.keyClass === 'public-key') return record
  return { ...record, material: again(record.material, materialContext(record)) }
}
