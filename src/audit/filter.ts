/** Which entries of a journal somebody wants to see. */
import { parseReference } from '../contract/filter-terms.ts'
import type { AuditChange, AuditEntry } from '../model/audit.ts'

export type AuditFilter = {
  /** Unix time in milliseconds, both included. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Who asked, or whom it is about. */
  readonly user?: string | undefined
  /** A key reference, or a label that a key has or had. */
  readonly key?: string | undefined
  /** An operation, or the beginning of several and `*`. */
  readonly operation?: string | undefined
  /** `ok`, an error code, or `refused` for all of those. */
  readonly outcome?: string | undefined
}

/** @param keysByLabel references of the keys that have the label now */
export function matching(
  filter: AuditFilter,
  keysByLabel: (label: string) => Iterable<string>,
): (entry: AuditEntry) => boolean {
  const { since, until, user, key, operation, outcome } = filter
  const references =
    key === undefined
      ? undefined
      : new Set([parseReference(key) ?? key, ...keysByLabel(key)].map((one) => `key/${one}`))
  const tests: ((entry: AuditEntry) => boolean)[] = []
  if (since !== undefined) tests.push(({ at }) => at >= since)
  if (until !== undefined) tests.push(({ at }) => at <= until)
  if (user !== undefined) tests.push((entry) => concerns(entry, user))
  if (references) {
    tests.push(
      ({ subjects, changes = [] }) =>
        subjects.some((subject) => references.has(subject)) ||
        changes.some((change) => hasLabel(change, key)),
    )
  }
  if (operation !== undefined) tests.push((entry) => fits(operation, entry.operation))
  if (outcome !== undefined)
    tests.push((entry) => (outcome === 'refused' ? entry.outcome !== 'ok' : entry.outcome === outcome))
  return (entry) => tests.every((test) => test(entry))
}

const concerns = ({ actor, subjects, changes = [] }: AuditEntry, user: string): boolean =>
  actor === user ||
  subjects.includes(`user/${user}`) ||
  changes.some(
    ({ what, added = [], removed = [] }) => what === 'shared-users' && [...added, ...removed].includes(user),
  )

const hasLabel = ({ what, from, to }: AuditChange, label: string | undefined): boolean =>
  what === 'label' && (from === label || to === label)

/** @param wanted an operation, or the beginning of several and `*` */
export const fits = (wanted: string, operation: string): boolean =>
  wanted.endsWith('*') ? operation.startsWith(wanted.slice(0, -1)) : operation === wanted
