/** Reads part of an audit log. Its length is that of its head, a record, not what is found in the store. */
import type { CatalogView } from '../catalog/catalog.ts'
import { HsmError } from '../contract/errors.ts'
import type { AuditEntry } from '../model/audit.ts'

/** @param entryAt undefined when there is no entry with that sequence */
export function readAuditLog(
  catalog: CatalogView,
  hsm: string,
  first: number,
  count: number,
  entryAt: (sequence: number) => AuditEntry | undefined,
): readonly AuditEntry[] {
  const head = catalog.get(`audit-head/${hsm}`)
  const end = Math.min(first + count, head?.kind === 'audit-head' ? head.count : 0)
  const entries: AuditEntry[] = []
  for (let sequence = first; sequence < end; sequence++) {
    const entry = entryAt(sequence)
    if (!entry) throw new HsmError('store-damaged', `Audit entry ${hsm}/${sequence} is missing`)
    entries.push(entry)
  }
  return entries
}
