/** The audit log of one HSM: entries chained by hash, the newest pinned by a record of the store. */
import { createHash } from 'node:crypto'
import type { AuditEntry, AuditEvent } from '../model/audit.ts'
import type { AuditHeadRecord } from '../model/records.ts'

const FIRST_PREVIOUS = '0'.repeat(64)

/**
 * The entry that follows `head` (undefined before the first) and the head that pins it.
 * @param format in which the records of the cluster are written
 */
export function append(
  head: AuditHeadRecord | undefined,
  hsm: string,
  event: AuditEvent,
  format: number,
): { readonly entry: AuditEntry; readonly head: AuditHeadRecord } {
  const place = { hsm, sequence: head?.count ?? 0, previous: head?.hash ?? FIRST_PREVIOUS }
  const linked = { ...(format === 1 ? firstForm(event) : { version: format, ...event }), ...place }
  const hash = hashOf(linked)
  return {
    entry: { ...linked, hash },
    head: { ...head, kind: 'audit-head', id: hsm, count: linked.sequence + 1, hash },
  }
}

/** Entries of the first format have no member for what was left out. */
const firstForm = ({ leftOut, ...event }: AuditEvent): AuditEvent =>
  leftOut === undefined ? event : { ...event, subjects: [...event.subjects, `left-out/${leftOut}`] }

/** Where a log, or a part of it, stops being what was written. */
export type Break = { readonly sequence: number; readonly why: string }

/**
 * Checks consecutive entries.
 *
 * @param previous hash of the entry before the first of them; left out when they begin the log
 * @returns the first break, or undefined when there is none
 */
export function verifyEntries(
  entries: readonly AuditEntry[],
  previous: string = FIRST_PREVIOUS,
): Break | undefined {
  let expected = previous
  let sequence = entries[0]?.sequence ?? 0
  for (const entry of entries) {
    if (entry.sequence !== sequence) return { sequence, why: 'the entry is missing' }
    if (entry.previous !== expected) return { sequence, why: 'the entry does not follow the one before it' }
    if (entry.hash !== hashOf(entry)) return { sequence, why: 'the entry was changed' }
    expected = entry.hash
    sequence += 1
  }
  return undefined
}

const hashOf = (entry: Omit<AuditEntry, 'hash'>): string =>
  createHash('sha256')
    .update(JSON.stringify(entry.version === undefined ? firstMembers(entry) : allMembers(entry)))
    .digest('hex')

/** Of the first format: the values of its members in a fixed order. It has no others, so none can be put in. */
const firstMembers = (entry: Omit<AuditEntry, 'hash'>): readonly unknown[] => {
  const { hsm, sequence, previous, at, actor, operation, outcome, subjects, ...more } = entry
  return [hsm, sequence, previous, at, actor, operation, outcome, subjects, ...allMembers(more)]
}

/** Every member but the hash, with its name, in the order of the names: also those that are not known here. */
const allMembers = (entry: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Object.entries(entry)
    .filter(([name, value]) => name !== 'hash' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
