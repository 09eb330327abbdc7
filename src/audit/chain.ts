/** The audit log of one HSM: entries chained by hash, the newest pinned by a record of the store. */
import { createHash } from 'node:crypto'
import type { AuditEntry, AuditEvent } from '../model/audit.ts'
import type { AuditHeadRecord } from '../model/records.ts'

const FIRST_PREVIOUS = '0'.repeat(64)

/** The entry that follows `head` (undefined before the first) and the head that pins it. */
export function append(
  head: AuditHeadRecord | undefined,
  hsm: string,
  event: AuditEvent,
): { readonly entry: AuditEntry; readonly head: AuditHeadRecord } {
  const linked = { ...event, hsm, sequence: head?.count ?? 0, previous: head?.hash ?? FIRST_PREVIOUS }
  const hash = hashOf(linked)
  return {
    entry: { ...linked, hash },
    head: { kind: 'audit-head', id: hsm, count: linked.sequence + 1, hash },
  }
}

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

/** SHA-256 over the members in a fixed order, as JSON; without the last one where an entry has none. */
function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { hsm, sequence, previous, at, actor, operation, outcome, subjects, leftOut } = entry
  const members = [hsm, sequence, previous, at, actor, operation, outcome, subjects]
  return createHash('sha256')
    .update(JSON.stringify(leftOut === undefined ? members : [...members, leftOut]))
    .digest('hex')
}
