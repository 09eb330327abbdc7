/** Entries of the management log that are committed with what they tell of. */
import { append } from '../../audit/chain.ts'
import type { CatalogView } from '../../catalog/catalog.ts'
import type { OperationName } from '../../contract/operations.ts'
import type { AuditEntry, AuditEvent } from '../../model/audit.ts'
import { formatOf } from '../../model/formats.ts'
import type { AuditHeadRecord, Write } from '../../model/records.ts'
import type { Decision } from '../../policy/decision.ts'
import type { Outcome } from '../../store/store.ts'
import type { Call, Parts } from '../parts.ts'
import { changeEventOf, eventOf, type Refused } from './outcome.ts'

type Audited<D> = {
  readonly operation: OperationName
  readonly decision: Decision<D>
  /** What of the decision's writes goes to the store. */
  readonly writes: readonly Write[]
  readonly subjects: readonly string[]
  /** What was refused of a decision that allows. */
  readonly refused: readonly Refused[]
}

/** What was decided, and the refusals among it that changed nothing: they are not committed with anything. */
export type Outcomes<D> = { readonly decision: Decision<D>; readonly refusals: readonly AuditEvent[] }

/** The decision's writes and its audit entries, to be committed together. */
export function auditing<D>(
  { hsm, now }: Parts,
  view: CatalogView,
  call: Call,
  { operation, decision, writes, subjects, refused }: Audited<D>,
): Outcome<Outcomes<D>> {
  // Of those who are not logged in only tried passwords are logged.
  const worthIt = decision.allow || call.actor.role !== 'nobody' || decision.code === 'bad-credentials'
  if (!worthIt) return { writes, audit: [], result: { decision, refusals: [] } }
  const at = now()
  const isAllRefused = refused.length > 0 && decision.writes.length === 0
  const code = decision.allow ? 'ok' : decision.code
  const events = [
    ...(isAllRefused ? [] : [changeEventOf(view, { operation, code, call, subjects }, decision.writes, at)]),
    ...refused.map(({ code, subjects: keys }) =>
      eventOf({ operation, code, call, subjects: [...subjects, ...keys] }, at),
    ),
  ]
  const changedNothing = isAllRefused || (!decision.allow && writes.length === 0)
  if (changedNothing) return { writes, audit: [], result: { decision, refusals: events } }
  const { head, entries } = appendAll(view, hsm.id, events)
  return {
    writes: head ? [...writes, { put: head }] : writes,
    audit: entries,
    result: { decision, refusals: [] },
  }
}

/** The entries that follow in the log of an HSM, and its head then; none when there are none. */
export function appendAll(view: CatalogView, hsm: string, events: readonly AuditEvent[]) {
  let head = view.get(`audit-head/${hsm}`) as AuditHeadRecord | undefined
  const entries: AuditEntry[] = []
  for (const event of events) {
    const next = append(head, hsm, event, formatOf(view.cluster()))
    head = next.head
    entries.push(next.entry)
  }
  return { head, entries }
}
