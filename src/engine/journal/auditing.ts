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
  const appended = appendAll(view, hsm.id, events)
  return {
    writes: [...writes, ...appended.writes],
    audit: appended.entries,
    result: { decision, recorded: true, refusals: [] },
  }
}

/** Undefined for an HSM that has written nothing yet. */
export const auditHead = (view: CatalogView, hsm: string): AuditHeadRecord | undefined => {
  const head = view.get(`audit-head/${hsm}`)
  return head?.kind === 'audit-head' ? head : undefined
}

/** The entries that follow in the log of an HSM, and the write of its head then. */
export function appendAll(
  view: CatalogView,
  hsm: string,
  events: readonly AuditEvent[],
): { readonly entries: readonly AuditEntry[]; readonly writes: readonly Write[] } {
  let head = auditHead(view, hsm)
  const entries: AuditEntry[] = []
  for (const event of events) {
    const next = append(head, hsm, event, formatOf(view.cluster()))
    head = next.head
    entries.push(next.entry)
  }
  return { entries, writes: head && entries.length > 0 ? [{ put: head }] : [] }
}
