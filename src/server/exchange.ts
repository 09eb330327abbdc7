/** One HTTP exchange: from a request on the wire to the HSM's answer or refusal. */

import type { Log } from '../base/log.ts'
import type { CallSource } from '../contract/call-source.ts'
import { HsmError } from '../contract/errors.ts'
import type { Admission, Admit, Hsm } from '../contract/hsm.ts'
import type { OperationName, Request } from '../contract/operations.ts'
import type { Connection } from '../listener/connection.ts'
import type { Budgets } from '../rates/budgets.ts'
import { type Answer, closeOf, failure, send } from './answer.ts'
import { type Body, receive } from './body.ts'
import type { BoundSessions } from './bound-sessions.ts'
import type { InFlight, Reservation } from './in-flight.ts'
import { decodeObject } from './json.ts'
import { type Head, operationOf, readHead } from './request-head.ts'
import type { RequestLog } from './request-log.ts'
import { cutOff, type Incoming, type Outgoing } from './wire.ts'

/** One request and where its answer goes. */
export type ExchangeLimits = {
  readonly bodyBytes: number
  readonly anonymousBodyBytes: number
  readonly requestBodyMs: number
  readonly replyMs: number
}

export type ExchangeNeeds = {
  readonly hsm: Hsm
  readonly admit: Admit
  readonly log: Log
  readonly requestLog: RequestLog
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** Milliseconds that this thread has had of a processor. */
  readonly worked: () => number
  readonly limits: ExchangeLimits
  readonly inFlight: InFlight
  /** Milliseconds of the event loop that peers without a session may take. */
  readonly budgets: Budgets
}

export type Exchange = {
  readonly request: Incoming
  readonly response: Outgoing
  readonly connection: Connection
  readonly sessions: BoundSessions
}

/** A request that was admitted, or why it was not. */
type Asked = Admitted | { readonly refused: unknown }
type Admitted = Head & { readonly admission: Admission; readonly reservation: Reservation }

/** Of the event loop, for a request without a session, besides what is measured: HTTP itself, and its log line. */
const REQUEST_COST_MS = 0.25
/** Likewise for each byte of it: TLS and HTTP. */
const BYTE_COST_MS = 10 / (1024 * 1024)

/** Read and thrown away after a refusal. */
const DRAINED_BODIES = 4

/** Answers a request, whatever it is. Resolves when nothing of it is under way any more; never rejects. */
export async function exchange(needs: ExchangeNeeds, parts: Exchange): Promise<void> {
  const { log, requestLog, monotonic } = needs
  const { request, response, connection } = parts
  const startedAt = monotonic()
  const operation = operationOf(request)
  const closed = closeOf(response)
  const asked = begin(needs, parts)
  const answer = await answerTo(needs, parts, asked).catch((error) => failure(log, operation, error))
  const reservation = 'reservation' in asked ? asked.reservation : undefined
  if (reservation?.answer(answer.body.length) === false) cutOff(request)
  else send(request, response, answer)
  const { outcome } = answer
  const ms = Math.round((monotonic() - startedAt) * 1000) / 1000
  const user = 'admission' in asked ? asked.admission.user : undefined
  requestLog.note(`${connection.peer} ${user ?? ''}`, { operation, outcome, ms, remote: connection.remote })
  const untaken = setTimeout(() => cutOff(request), needs.limits.replyMs)
  await closed
  clearTimeout(untaken)
  reservation?.leave()
}

/** Who asks, and whether they may: nothing of the body has been looked at yet. */
function begin({ admit, inFlight, budgets }: ExchangeNeeds, { request, connection }: Exchange): Asked {
  let admission: Admission | undefined
  try {
    if (request.method !== 'POST') throw new HsmError('invalid-request', 'The method must be POST')
    const head = readHead(request)
    admission = admit(head.operation, head.token, sourceOf(connection))
    if (admission.user !== undefined) connection.showedSession()
    else checkBudget(budgets, connection)
    return { ...head, admission, reservation: inFlight.reserve(admission, connection.peer) }
  } catch (error) {
    return { refused: error }
  } finally {
    if (admission?.user === undefined) budgets.charge(connection.peer, REQUEST_COST_MS)
  }
}

/** Where what is asked over a connection comes from. */
export const sourceOf = ({ remote }: Connection): CallSource => ({ kind: 'https', address: remote ?? '-' })

/** A peer that has taken more than its share of the event loop loses its connection, too. */
function checkBudget(budgets: Budgets, connection: Connection): void {
  if (budgets.has(connection.peer)) return
  connection.close()
  throw new HsmError('busy')
}

async function answerTo(
  needs: ExchangeNeeds,
  { request, connection, sessions }: Exchange,
  asked: Asked,
): Promise<Answer> {
  const { limits, budgets } = needs
  const admission = 'admission' in asked ? asked.admission : undefined
  const sizes = {
    requestBytes: admission?.requestBytes ?? limits.anonymousBodyBytes,
    drainedBytes: DRAINED_BODIES * limits.bodyBytes,
    requestBodyMs: limits.requestBodyMs,
  }
  const body = receive(request, sizes, (bytes) => {
    if ('reservation' in asked) asked.reservation.arrive(bytes)
    if (admission?.user === undefined) budgets.charge(connection.peer, bytes * BYTE_COST_MS)
  })
  try {
    if ('refused' in asked) throw asked.refused
    const request = await arrived(asked, body)
    const release = connection.hold()
    return await work(needs, connection, sessions, asked, request).finally(release)
  } finally {
    body.discard()
  }
}

/** The request as it came. What keeps it from coming is told to the HSM, which knows the rest by `call`. */
async function arrived({ admission, reservation }: Admitted, body: Body): Promise<Buffer> {
  try {
    const bytes = await body.bytes()
    reservation.enter()
    return bytes
  } catch (error) {
    throw told(admission, error)
  }
}

async function work(
  { hsm, worked, budgets }: ExchangeNeeds,
  connection: Connection,
  sessions: BoundSessions,
  { operation, token, bound, admission }: Admitted,
  bytes: Buffer,
): Promise<Answer> {
  /** What this does between two turns of the event loop. */
  const measured = <R>(step: () => R): R => {
    if (admission.user !== undefined) return step()
    const before = worked()
    try {
      return step()
    } finally {
      budgets.charge(connection.peer, worked() - before)
    }
  }
  // The HSM checks it against the operation's schema.
  const replying = measured(() =>
    hsm.call(operation, taken(admission, bytes) as Request<OperationName>, token, sourceOf(connection)),
  )
  const reply = await replying
  noteSessions(connection, sessions, bound, token, reply)
  const body = measured(() => Buffer.from(JSON.stringify(reply)))
  return { status: 200, outcome: 'ok', body }
}

function told({ refused }: Admission, error: unknown): unknown {
  if (error instanceof HsmError) refused(error.code)
  return error
}

/** What the bytes say. They are wiped at once, not when the work is done. */
function taken(admission: Admission, bytes: Buffer): object {
  try {
    return decodeObject(bytes)
  } catch (error) {
    throw told(admission, error)
  } finally {
    bytes.fill(0)
  }
}

/** A session is shown by a call that it made good, and opened by a reply with a token. */
function noteSessions(
  connection: Connection,
  sessions: BoundSessions,
  bound: boolean,
  presented: string | undefined,
  reply: object,
): void {
  const opened = 'token' in reply && typeof reply.token === 'string' ? reply.token : undefined
  for (const token of [presented, opened]) {
    if (token === undefined) continue
    connection.showedSession()
    if (bound) sessions.bind(token)
  }
}
