/** A journal of one HSM: entries chained by hash, the newest pinned by a record of the store. */
import type { AuditEntry, AuditEvent } from '../model/audit.ts'
import type { AuditHeadRecord, JournalHead } from '../model/records.ts'
import { canonicalText, FIRST_PREVIOUS, hashOfText, members } from './canonical.ts'

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
    head: { ...(head ?? startOf(hsm)), count: linked.sequence + 1, hash },
  }
}

/** Where a journal begins and ends that has no entry yet. */
export const EMPTY_JOURNAL: JournalHead = {
  first: 0,
  previous: FIRST_PREVIOUS,
  count: 0,
  hash: FIRST_PREVIOUS,
}

/** Of a log without entries. */
export const startOf = (hsm: string): AuditHeadRecord => ({
  kind: 'audit-head',
  id: hsm,
  count: 0,
  hash: FIRST_PREVIOUS,
  keyUse: undefined,
})

/** Entries of the first format have no member for what came later; what was left out is a subject of theirs. */
const firstForm = ({ at, actor, operation, outcome, subjects, leftOut }: AuditEvent): AuditEvent => ({
  ...{ at, actor, operation, outcome },
  subjects: leftOut === undefined ? subjects : [...subjects, `left-out/${leftOut}`],
})

/** Where a journal, or a part of it, stops being what was written. */
export type Break = { readonly sequence: number; readonly why: string }

/**
 * Checks consecutive entries.
 *
 * @param previous hash of the entry before the first of them; left out when they begin the journal
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
  hashOfText(entry.version === undefined ? JSON.stringify(firstMembers(entry)) : canonicalText(entry, 'hash'))

/** Of the first format: the values of its members in a fixed order. It has no others, so none can be put in. */
const firstMembers = (entry: Omit<AuditEntry, 'hash'>): readonly unknown[] => {
  const { hsm, sequence, previous, at, actor, operation, outcome, subjects, ...more } = entry
  return [hsm, sequence, previous, at, actor, operation, outcome, subjects, ...members(more, 'hash')]
}
