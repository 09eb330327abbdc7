/** Records and audit entries as bytes, and back; what comes back is checked, for the store may be hostile. */
import { HsmError } from '../contract/errors.ts'
import type { AuditEntry } from '../model/audit.ts'
import { readAuditEntry, readerOf, refuseNewer, written } from '../model/formats.ts'
import { recordKey, type WholeRecord } from '../model/records.ts'
import type { Read } from '../model/shape.ts'

/** @throws HsmError `unavailable` when the format cannot hold the record */
export const encodeRecord = (record: WholeRecord, format: number): Buffer =>
  Buffer.from(JSON.stringify(written(record, format)))

/** An entry is of the format that it was made in. */
export const encodeEntry = (entry: AuditEntry): Buffer => Buffer.from(JSON.stringify(entry))

/**
 * @param key where the bytes stood
 * @throws HsmError `store-damaged` when they are not a record, one of a newer version, or one that belongs under another key
 */
export function decodeRecord(key: string, bytes: Buffer): WholeRecord {
  const kind = key.slice(0, key.indexOf('/'))
  const record = decode(`Record ${key}`, bytes, readerOf(kind))
  if (recordKey(record) === key) return record
  throw new HsmError('store-damaged', `Record ${key} is damaged: it holds record ${recordKey(record)}`)
}

/** @throws HsmError `store-damaged` when the bytes are not the entry in that place of the log */
export function decodeAuditEntry(hsm: string, sequence: number, bytes: Buffer): AuditEntry {
  const entry = decode(`Audit entry ${hsm}/${sequence}`, bytes, readAuditEntry)
  if (entry.hsm === hsm && entry.sequence === sequence) return entry
  throw new HsmError('store-damaged', `Audit entry ${hsm}/${sequence} is damaged: it belongs elsewhere`)
}

function decode<T>(name: string, bytes: Buffer, read: Read<T>): T {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    refuseNewer(name, value)
    return read(value)
  } catch (cause) {
    if (cause instanceof HsmError) throw cause
    const why = cause instanceof TypeError ? cause.message : 'it is not JSON'
    throw new HsmError('store-damaged', `${name} is damaged: ${why}`, { cause })
  }
}
