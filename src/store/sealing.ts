/**
 * How records stand in a store that anyone may write to: each is sealed for its own key and revision, so it can be
 * neither read, nor changed, nor moved to another place.
 */

import { HsmError } from '../contract/errors.ts'
import { shown } from '../contract/shown.ts'
import type { AuditEntry } from '../model/audit.ts'
import { recordKey, type WholeRecord } from '../model/records.ts'
import { decodeAuditEntry, decodeRecord, encodeEntry, encodeRecord } from './record-codec.ts'
import type { Sealer } from './sealer.ts'

const recordContext = (key: string, revision: number) => `${key}\n${revision}`
const entryContext = (hsm: string, sequence: number) => `audit\n${hsm}\n${sequence}`

/** @throws HsmError `unavailable` when the format cannot hold the record */
export const sealRecord = (sealer: Sealer, record: WholeRecord, revision: number, format: number): Buffer =>
  sealer.seal(encodeRecord(record, format), recordContext(recordKey(record), revision))

/** @throws HsmError `store-damaged` naming the record */
export function openRecord(sealer: Sealer, key: string, revision: number, sealed: Uint8Array): WholeRecord {
  return decodeRecord(key, open(sealer, sealed, recordContext(key, revision), `Record ${shown(key)}`))
}

/** Sealed for its place in the log. */
export const sealEntry = (sealer: Sealer, entry: AuditEntry): Buffer =>
  sealer.seal(encodeEntry(entry), entryContext(entry.hsm, entry.sequence))

/** @throws HsmError `store-damaged` naming the entry */
export function openEntry(sealer: Sealer, hsm: string, sequence: number, sealed: Uint8Array): AuditEntry {
  const bytes = open(sealer, sealed, entryContext(hsm, sequence), `Audit entry ${hsm}/${sequence}`)
  return decodeAuditEntry(hsm, sequence, bytes)
}

/** @throws HsmError `store-damaged` naming what cannot be opened */
export function open(sealer: Sealer, sealed: Uint8Array, context: string, name: string): Buffer {
  try {
    return sealer.open(sealed, context)
  } catch (cause) {
    throw new HsmError('store-damaged', `${name} is damaged: it was changed or moved`, { cause })
  }
}

/** What the HSM knows a record under, for its revision: see `record-set.ts`. */
export const markOf = (sealer: Sealer, key: string, revision: number): Buffer =>
  sealer.mark(recordContext(key, revision))
