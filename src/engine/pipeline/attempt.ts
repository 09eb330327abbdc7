/** A request on its way through the pipeline, and what becomes known of it for the journals. */
import { isServing } from '../../cluster/cluster.ts'
import type { ErrorCode } from '../../contract/errors.ts'
import { type Checked, OPERATIONS, type Operation, type OperationName } from '../../contract/operations.ts'
import type { Call } from '../call.ts'
import { eventOf, type RequestOutcome } from '../journal/outcome.ts'
import type { Parts } from '../parts.ts'
import { namesInUse } from './key-names.ts'

export type Attempt = {
  readonly operation: OperationName
  readonly row: Operation
  readonly parts: Parts
  readonly call: Call
  /** What the journals call it. */
  audited: string
  /** What it is about, by kind and name: `key/0x…` of keys that are selected, `user/alice`. */
  readonly subjects: string[]
  /** With which a key is used. */
  mechanism: string | undefined
  /** How many items the request has. */
  count: number | undefined
  /** Of the user that it is about, as the request says. */
  userRole: string | undefined
  /** The id of the session that it opens when it succeeds. */
  opens: string | undefined
  /** How it ended is in the audit log already, or was committed with what it changed. */
  recorded: boolean
}

/** Of a request of which nothing is known but the operation and who asks. */
export const newAttempt = (parts: Parts, operation: OperationName, call: Call): Attempt => ({
  operation,
  row: OPERATIONS[operation],
  parts,
  call,
  audited: (OPERATIONS[operation] as Operation).auditedAs ?? operation,
  subjects: [],
  mechanism: undefined,
  count: undefined,
  userRole: undefined,
  opens: undefined,
  recorded: false,
})

/** Adds something that the request is about. */
export function note({ subjects }: Attempt, subject: string): void {
  if (!subjects.includes(subject)) subjects.push(subject)
}

/** Notes what a request that has passed its schema names. */
export function noteRequest(attempt: Attempt, request: Checked<OperationName>): void {
  const { names } = attempt.row
  const members: Readonly<Record<string, unknown>> = request
  if (names) attempt.subjects.push(...named(names, members))
  const { mechanism, cipher, data, role } = members
  attempt.mechanism = nameOf(mechanism) ?? nameOf(cipher)
  if (Array.isArray(data)) attempt.count = data.length
  if (names?.['username'] && attempt.call.session) attempt.userRole = role as string
}

const named = (names: NonNullable<Operation['names']>, request: Readonly<Record<string, unknown>>) =>
  Object.entries(names).flatMap(([member, kind]) =>
    [request[member] ?? []].flat().map((name) => `${kind}/${name}`),
  )

const nameOf = (mechanism: unknown): string | undefined =>
  typeof mechanism === 'object' && mechanism !== null && 'name' in mechanism
    ? String(mechanism.name)
    : undefined

/** @param code of the error, or `ok` */
export const outcomeOf = (
  { audited, call, subjects, mechanism, count, opens, userRole }: Attempt,
  code: 'ok' | ErrorCode,
): RequestOutcome => ({
  operation: audited,
  code,
  call,
  subjects,
  mechanism,
  count,
  userRole,
  ...(code === 'ok' && { opened: opens }),
})

/** Not failures of the request: whatever they keep from being done is not kept from being answered. */
const FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'internal',
  'not-serving',
  'store-damaged',
  'store-failure',
  'unavailable',
  'unconfirmed',
])

/**
 * Records that the request was refused, wherever that was decided, unless that has been done with what was committed. Of those
 * who are not logged in only tried passwords are recorded. Never throws: the refusal stands.
 */
export async function recordRefusal(attempt: Attempt, code: ErrorCode): Promise<void> {
  const { parts, row, call, recorded } = attempt
  const { actor } = call
  if (namesInUse(row).length > 0 && actor.role !== 'nobody') {
    // Whether it is on disk makes no difference to a refusal.
    parts.useRecorder.record(outcomeOf(attempt, code))?.catch(() => undefined)
  }
  if (recorded || row.audit === 'use' || row.audit === 'none') return
  if (actor.role === 'nobody' && code !== 'bad-credentials') return
  attempt.recorded = true
  const event = eventOf(outcomeOf(attempt, code), parts.now(), parts.store.catalog)
  const written = parts.auditQueue.refusal(actor.id || event.actor, event)
  if (!FAILURES.has(code)) await written
}

/**
 * Records what was done and has changed no record, before its result is released. What has nothing to release, such as the end
 * of a session, is done also when its entry cannot be written as yet.
 *
 * @throws HsmError when a key was used and the entry cannot be written
 */
export async function recordDone(attempt: Attempt): Promise<void> {
  const { parts, row } = attempt
  const event = eventOf(outcomeOf(attempt, 'ok'), parts.now())
  if (namesInUse(row).length > 0) return parts.auditQueue.done(event)
  const written = parts.auditQueue.event(event)
  if (isServing(parts.cluster.serving)) await written
}
