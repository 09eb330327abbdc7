/** The keys of a catalog, in the order of their references, with an index for each way they are asked for. */
import type { KeyRecord } from '../model/records.ts'
import { createReferenceIndex } from './reference-index.ts'

/** All keys in the order of their references, with indexes by label, id, owner and shared user. */
export function createKeyTable() {
  const records = createOrderedRecords()
  const indexes = createIndexes()
  return {
    get: records.get,
    values: records.values,
    size: records.size,
    asymmetricCount: indexes.asymmetricCount,
    byLabel: indexes.byLabel,
    byId: indexes.byId,
    byOwner: indexes.byOwner,
    bySharedUser: indexes.bySharedUser,
    publicKeys: indexes.publicKeys,
    put(record: KeyRecord): KeyRecord | undefined {
      const before = records.get(record.id)
      if (before) indexes.remove(before)
      records.set(record)
      indexes.add(record)
      return before
    },
    delete(reference: string): KeyRecord | undefined {
      const before = records.get(reference)
      if (before) indexes.remove(before)
      records.delete(reference)
      return before
    },
  }
}

/**
 * References are given out in ascending order, so the order of insertion is nearly always the order wanted; a key
 * that comes late (put back by an undone delete, or read in another order) makes the next reading sort once.
 */
function createOrderedRecords() {
  let records = new Map<string, KeyRecord>()
  let newest = ''
  let inOrder = true
  const sort = () => {
    records = new Map([...records].sort(([a], [b]) => (a < b ? -1 : 1)))
    inOrder = true
  }
  return {
    get: (reference: string) => records.get(reference),
    size: () => records.size,
    values(): Iterable<KeyRecord> {
      if (!inOrder) sort()
      return records.values()
    },
    set(record: KeyRecord) {
      const before = records.size
      records.set(record.id, record)
      if (records.size === before) return
      if (record.id < newest) inOrder = false
      else newest = record.id
    },
    delete(reference: string) {
      records.delete(reference)
    },
  }
}

function createIndexes() {
  const label = createReferenceIndex()
  const id = createReferenceIndex()
  const owner = createReferenceIndex()
  const sharedUser = createReferenceIndex()
  const publicKeys = new Set<string>()
  let asymmetric = 0

  return {
    byLabel: label.get,
    byId: id.get,
    byOwner: owner.get,
    bySharedUser: sharedUser.get,
    publicKeys: (): ReadonlySet<string> => publicKeys,
    asymmetricCount: () => asymmetric,
    add(record: KeyRecord) {
      label.add(record.label, record.id)
      id.add(record.idAttribute, record.id)
      owner.add(record.owner, record.id)
      for (const user of record.sharedWith) sharedUser.add(user, record.id)
      if (record.keyClass === 'public-key') publicKeys.add(record.id)
      if (record.keyClass !== 'secret-key') asymmetric += 1
    },
    remove(record: KeyRecord) {
      label.remove(record.label, record.id)
      id.remove(record.idAttribute, record.id)
      owner.remove(record.owner, record.id)
      for (const user of record.sharedWith) sharedUser.remove(user, record.id)
      if (record.keyClass === 'public-key') publicKeys.delete(record.id)
      if (record.keyClass !== 'secret-key') asymmetric -= 1
    },
  }
}
