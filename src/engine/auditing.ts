import { append } from '../audit/chain.ts'
import type { CatalogView } from '../catalog/catalog.ts'
import type { OperationName } from '../contract/operations.ts'
import type { AuditHeadRecord, Write } from '../model/records.ts'
import type { Decision } from '../policy/decision.ts'
import type { Outcome } from '../store/store.ts'
import type { Call, Parts } from './parts.ts'

type Audited<D> = {
  readonly operation: OperationName
  readonly decision: Decision<D>
  /** What of the decision's writes goes to the store. */
  readonly writes: readonly Write[]
  readonly subjects: readonly string[]
}

/** The decision's writes and its audit entry, to be committed together. */
export function auditing<D>(
  { hsm, now }: Parts,
  view: CatalogView,
  { actor }: Call,
  { operation, decision, writes, subjects }: Audited<D>,
): Outcome<Decision<D>> {
  // Whoever is not logged in could fill the disk with refusals; only tried passwords cost enough to be logged.
  const worthIt = decision.allow || actor.role !== 'nobody' || decision.code === 'bad-credentials'
  if (!worthIt) return { writes, audit: [], result: decision }
  const head = view.get(`audit-head/${hsm.id}`) as AuditHeadRecord | undefined
  const next = append(head, hsm.id, {
    at: now(),
    actor: actor.username,
    operation,
    outcome: decision.allow ? 'ok' : decision.code,
    subjects: [...subjects, ...writes.flatMap((write) => subjectOf(write))],
  })
  return { writes: [...writes, { put: next.head }], audit: [next.entry], result: decision }
}

function subjectOf(write: Write): readonly string[] {
  const key = 'put' in write ? `${write.put.kind}/${write.put.id}` : write.delete
  return key.startsWith('key/') || key.startsWith('certificate/') ? [key] : []
}
