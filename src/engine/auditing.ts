import { append } from '../audit/chain.ts'
import type { CatalogView } from '../catalog/catalog.ts'
import type { ErrorCode } from '../contract/errors.ts'
import type { OperationName } from '../contract/operations.ts'
import type { AuditEntry } from '../model/audit.ts'
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
  /** What was refused of a decision that allows. */
  readonly refused: readonly Refused[]
}

/** Objects that were refused for one reason. */
export type Refused = { readonly code: ErrorCode; readonly subjects: readonly string[] }

/** The decision's writes and its audit entries, to be committed together. */
export function auditing<D>(
  { hsm, now }: Parts,
  view: CatalogView,
  { actor }: Call,
  { operation, decision, writes, subjects, refused }: Audited<D>,
): Outcome<Decision<D>> {
  // Whoever is not logged in could fill the disk with refusals; only tried passwords cost enough to be logged.
  const worthIt = decision.allow || actor.role !== 'nobody' || decision.code === 'bad-credentials'
  if (!worthIt) return { writes, audit: [], result: decision }
  const written = writes.flatMap((write) => subjectOf(write))
  const isAllRefused = refused.length > 0 && decision.writes.length === 0
  const outcomes = [
    ...(isAllRefused ? [] : [{ code: decision.allow ? 'ok' : decision.code, subjects: written }]),
    ...refused,
  ]
  let head = view.get(`audit-head/${hsm.id}`) as AuditHeadRecord | undefined
  const audit: AuditEntry[] = []
  for (const { code, subjects: keys } of outcomes) {
    const event = {
      at: now(),
      actor: actor.username,
      operation,
      outcome: code,
      subjects: [...new Set([...subjects, ...keys])],
    }
    const next = append(head, hsm.id, event)
    head = next.head
    audit.push(next.entry)
  }
  return { writes: head ? [...writes, { put: head }] : writes, audit, result: decision }
}

function subjectOf(write: Write): readonly string[] {
  const key = 'put' in write ? `${write.put.kind}/${write.put.id}` : write.delete
  return key.startsWith('key/') || key.startsWith('certificate/') ? [key] : []
}
