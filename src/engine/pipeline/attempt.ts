/** A request on its way through the pipeline, and what becomes known of it for the journals. */
import type { Bytes } from '../../base/bytes.ts'
import type { MaybePromise } from '../../base/maybe-promise.ts'
import { isServing } from '../../cluster/cluster.ts'
import { checkRequest, soundMembers } from '../../contract/check.ts'
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
  /** The keys that it names to be decided on one by one: what a refusal of all of it is about, too. */
  several: readonly string[]
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
  /** Bytes that were made of base64 in the request, to be wiped when it is over. */
  readonly made: Bytes[]
}

/** Of a request of which nothing is known but the operation and who asks. */
export const newAttempt = (parts: Parts, operation: OperationName, call: Call): Attempt => ({
  operation,
  row: OPERATIONS[operation],
  parts,
  call,
  audited: (OPERATIONS[operation] as Operation).auditedAs ?? operation,
  subjects: [],
  several: [],
  mechanism: undefined,
  count: undefined,
  userRole: undefined,
  opens: undefined,
  recorded: false,
  made: [],
})

/** Adds something that the request is about. */
export function note({ subjects }: Attempt, subject: string): void {
  if (!subjects.includes(subject)) subjects.push(subject)
}

/**
 * The request as its schema has it. What it names is noted, as far as that can be told also of one that is malformed.
 *
 * @throws HsmError as `checkRequest` does
 */
export function checkedRequest<K extends OperationName>(
  attempt: Attempt,
  operation: K,
  request: unknown,
): Checked<K> {
  try {
    const checked = checkRequest(operation, request, attempt.made)
    noteMembers(attempt, checked)
    return checked
  } catch (error) {
    const { names = {}, keys = {} } = attempt.row
    noteMembers(attempt, soundMembers(operation, request, [...Object.keys({ ...names, ...keys }), 'keys']))
    throw error
  }
}

function noteMembers(attempt: Attempt, members: Members): void {
  const { names = {}, keys = {}, several } = attempt.row
  for (const member in names)
    for (const name of namesIn(members, member)) note(attempt, `${names[member]}/${name}`)
  for (const member in keys) {
    const reference = referenceIn(members[member])
    if (reference !== undefined) note(attempt, `key/${reference}`)
  }
  const { mechanism, cipher, data, role, keys: references } = members
  if (several && Array.isArray(references)) attempt.several = references.map((key) => `key/${key}`)
  attempt.mechanism = nameOf(mechanism) ?? nameOf(cipher)
  if (Array.isArray(data)) attempt.count = data.length
  if ('username' in names && attempt.call.session) attempt.userRole = role as string | undefined
}

type Members = Readonly<Record<string, unknown>>

/** What a member of a request names: one thing, several, or none when it is left out. */
export function namesIn(request: Members, member: string): readonly string[] {
  const named = request[member] ?? []
  return Array.isArray(named) ? named : [String(named)]
}

/** The reference in a filter that names its key by it; those that other terms select are known when they are selected. */
export const referenceIn = (filter: unknown): unknown =>
  typeof filter === 'object' && filter !== null && 'reference' in filter ? filter.reference : undefined

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

/** What is recorded of those who are not logged in: that they tried to prove who they are. */
const TRIES: Partial<Record<OperationName, ErrorCode>> = {
  'session.login': 'bad-credentials',
  'session.resume': 'not-logged-in',
}

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
 * who are not logged in only passwords and credentials that they tried are recorded. Never throws: the refusal stands.
 *
 * @returns a promise when the refusal must not be told before it resolves
 */
export function recordRefusal(attempt: Attempt, code: ErrorCode): MaybePromise<void> {
  const { parts, operation, row, call, recorded } = attempt
  const { actor } = call
  if (namesInUse(row).length > 0 && actor.role !== 'nobody') {
    // Whether it is on disk makes no difference to a refusal.
    parts.useRecorder.record(outcomeOf(attempt, code))?.catch(() => undefined)
  }
  if (recorded || row.audit === 'use' || row.audit === 'none') return
  if (actor.role === 'nobody' && code !== TRIES[operation]) return
  attempt.subjects.push(...attempt.several)
  attempt.recorded = true
  const event = eventOf(outcomeOf(attempt, code), parts.now(), parts.store.catalog)
  const written = parts.auditQueue.refusal(actor.id || event.actor, event)
  return FAILURES.has(code) ? undefined : written
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
