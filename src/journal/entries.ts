/** Entries of the key-use journal as texts: what is hashed is what is written, so each is made once. They tell of no changes. */
import { FIRST_PREVIOUS, hashOfText } from '../audit/canonical.ts'
import { HsmError } from '../contract/errors.ts'
import type { AuditEntry, AuditEvent } from '../model/audit.ts'
import { readAuditEntry } from '../model/formats.ts'

/** Entries are of the second format of audit entries. */
const VERSION = 2

/** Where the next entry goes. */
export type Tail = { readonly count: number; readonly hash: string }

export const EMPTY: Tail = { count: 0, hash: FIRST_PREVIOUS }

/** @returns the canonical text of the entry that follows, and the tail then */
export function follow(
  tail: Tail,
  hsm: string,
  event: AuditEvent,
): { readonly text: string; readonly tail: Tail } {
  const text = textOf(event, tail, hsm)
  return { text, tail: { count: tail.count + 1, hash: hashOfText(text) } }
}

/** What `canonicalText` makes of the entry, in a third of the time: this is part of every use of a key. */
function textOf(event: AuditEvent, { count, hash }: Tail, hsm: string): string {
  const { role, session, source, mechanism, lost } = event
  return `[["actor",${quoted(event.actor)}],["at",${event.at}]${
    event.count === undefined ? '' : `,["count",${event.count}]`
  },["hsm",${quoted(hsm)}]${lost === undefined ? '' : `,["lost",${lost}]`}${
    mechanism === undefined ? '' : `,["mechanism",${quoted(mechanism)}]`
  },["operation",${quoted(event.operation)}],["outcome",${quoted(event.outcome)}],["previous","${hash}"]${
    role === undefined ? '' : `,["role",${quoted(role)}]`
  },["sequence",${count}]${session === undefined ? '' : `,["session",${quoted(session)}]`}${
    source === undefined ? '' : `,["source",${quoted(source)}]`
  },["subjects",${JSON.stringify(event.subjects)}],["version",${VERSION}]]`
}

const quoted = (text: string): string => JSON.stringify(text)

/**
 * The entry of a text, as it is exported.
 *
 * @throws HsmError `store-damaged` when it is not the one that follows
 */
export function entryOf(text: string, { count, hash }: Tail, hsm: string): AuditEntry {
  try {
    const entry = readAuditEntry({ ...Object.fromEntries(JSON.parse(text)), hash: hashOfText(text) })
    if (entry.sequence === count && entry.previous === hash && entry.hsm === hsm) return entry
  } catch {
    // Sealed by somebody with the master key, but no entry.
  }
  throw damagedAt(hsm, count)
}

/** `store-damaged`, with the entry at which the chain breaks. */
export const damagedAt = (hsm: string, sequence: number): HsmError =>
  new HsmError('store-damaged', `Key-use entry ${hsm}/${sequence} is missing or damaged`)
