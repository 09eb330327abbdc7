/** Entries of the management log that are committed with what they tell of. */
import { append } from '../../audit/chain.ts'
import type { CatalogView } from '../../catalog/catalog.ts'
import type { AuditEntry, AuditEvent } from '../../model/audit.ts'
import { formatOf } from '../../model/formats.ts'
import type { AuditHeadRecord, Write } from '../../model/records.ts'
import type { Decision } from '../../policy/decision.ts'
import type { Conclusion } from '../../store/store.ts'
import type { EngineNeeds } from '../needs.ts'
import { changeEventOf, eventOf, type Refused, type RequestOutcome } from './outcome.ts'

type Audited = {
  readonly outcome: RequestOutcome
  /** What of the decision's writes goes to the store. */
  readonly writes: readonly Write[]
  /** What was refused of a decision that allows. */
  readonly refused: readonly Refused[]
}

/** What was decided, and whether the journal has it with the commit. */
export type Outcomes<D> = {
  readonly decision: Decision<D>
  readonly recorded: boolean
  /** Refusals of a request that is allowed, none of which changed anything: they are not committed with anything. */
  readonly refusals: readonly AuditEvent[]
}

/** The decision's writes and its audit entries, to be committed together. A refusal that writes nothing is not recorded here. */
export function auditing<D>(
  { hsm, now }: Pick<EngineNeeds, 'hsm' | 'now'>,
  view: CatalogView,
  decision: Decision<D>,
  { outcome, writes, refused }: Audited,
): Conclusion<Outcomes<D>> {
  if (!decision.allow && writes.length === 0)
    return { writes, audit: [], result: { decision, recorded: false, refusals: [] } }
  const at = now()
  const refusals = refused.map(({ code, subjects }) =>
    eventOf({ ...outcome, code, subjects: [...outcome.subjects, ...subjects] }, at),
  )
  if (refused.length > 0 && decision.writes.length === 0)
    return { writes, audit: [], result: { decision, recorded: true, refusals } }
  const events = [changeEventOf(view, outcome, decision.writes, at), ...refusals]
  const { head, entries } = appendAll(view, hsm.id, events)
  return {
    writes: head ? [...writes, { put: head }] : writes,
    audit: entries,
    result: { decision, recorded: true, refusals: [] },
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
