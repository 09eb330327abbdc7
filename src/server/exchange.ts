/** One request, from its head to the HSM's answer or refusal, whatever it came over. */
import type { Log } from '../base/log.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { Admission, Caller } from '../contract/hsm.ts'
import type { OperationName, Request } from '../contract/operations.ts'
import type { Budgets } from '../rates/budgets.ts'
import { type Answer, failure, replyOf } from './answer.ts'
import type { InFlight, Reservation } from './in-flight.ts'
import { decodeObject } from './json.ts'
import type { Admitted, Peer } from './peer.ts'
import type { RequestLog } from './request-log.ts'
import type { UnderWay } from './under-way.ts'

/** What is known before anything of the body is read. */
export type Head = {
  /** Undefined when there is no such operation. */
  readonly operation: OperationName | undefined
  /** Of the session that asks. */
  readonly token: string | undefined
  /** The session is to end with the connection. */
  readonly bound: boolean
  /** Why it is refused, whatever it asks for. */
  readonly refused?: HsmError
}

/** Where the answer goes. */
export type Outlet = {
  /** Called once. What still comes of the body is of no use. */
  answer(answer: Answer): void
  /** Instead of an answer: ends the request at once, in whatever state. */
  cutOff(): void
}

export type ExchangeNeeds = {
  readonly log: Log
  readonly requestLog: RequestLog
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** Milliseconds that this thread has had of a processor. */
  readonly worked: () => number
  readonly inFlight: InFlight
  readonly underWay: UnderWay
  /** Milliseconds of the event loop that peers without a session may take. */
  readonly budgets: Budgets
  readonly limits: { readonly anonymousBodyBytes: number }
}

/** Of the event loop, for a request without a session, besides what is measured: the protocol itself, and its log line. */
const REQUEST_COST_MS = 0.25
/** Likewise for each byte of it: TLS and the protocol. */
export const BYTE_COST_MS = 10 / (1024 * 1024)

/** A request that has begun. Whoever has begun it calls `left` in the end. */
export type Exchange = {
  readonly needs: ExchangeNeeds
  readonly peer: Peer
  readonly head: Head
  readonly outlet: Outlet
  /** The largest body that is read. */
  readonly bodyBytes: number
  /** Undefined when it was not admitted, as are the two that follow from it. */
  readonly admission: Admission | undefined
  readonly caller: Caller | undefined
  readonly reservation: Reservation | undefined
  readonly startedAt: number
  /** Ends it on the connection. */
  readonly over: () => void
  isAnswered: boolean
  isLeft: boolean
}

/** Who asks comes first, and whether they may. A request that is refused is answered before this returns. */
export function beginExchange(needs: ExchangeNeeds, peer: Peer, head: Head, outlet: Outlet): Exchange {
  needs.underWay.begin()
  const startedAt = needs.monotonic()
  const over = peer.connection.begin()
  const asked = ask(needs, peer, head)
  const { admission, caller, reservation } = asked
  const exchange: Exchange = {
    needs,
    peer,
    head,
    outlet,
    startedAt,
    over,
    admission,
    caller,
    reservation,
    bodyBytes: admission?.requestBytes ?? needs.limits.anonymousBodyBytes,
    isAnswered: false,
    isLeft: false,
  }
  if (admission === undefined) refuse(exchange, asked.refused)
  return exchange
}

/** A piece of the body has come. What comes after the answer is paid for, too. @throws HsmError when it may not be kept */
export function arrive(exchange: Exchange, bytes: number): void {
  const { needs, peer, reservation } = exchange
  if (isAnonymous(exchange)) needs.budgets.charge(peer.connection.peer, bytes * BYTE_COST_MS)
  if (!exchange.isAnswered) reservation?.arrive(bytes)
}

/** The body is complete. It is wiped. The answer may leave before this returns. */
export function carryOut(exchange: Exchange, body: Buffer): void {
  const { caller, reservation, isAnswered } = exchange
  if (isAnswered || !caller) return void body.fill(0)
  let request: object
  try {
    reservation?.enter()
    request = measured(exchange, () => decodeObject(body))
  } catch (error) {
    return void fail(exchange, error)
  } finally {
    // There may be a password in it, and the work can take long.
    body.fill(0)
  }
  work(exchange, caller, request)
}

/** The body will not come, or is not kept. The HSM knows by `call` of what it refuses itself. */
export function fail(exchange: Exchange, error: unknown): void {
  if (exchange.isAnswered) return
  if (error instanceof HsmError) exchange.admission?.refused(error.code)
  refuse(exchange, error)
}

/** The answer has been taken, or nobody is there to take it. */
export function leave(exchange: Exchange): void {
  if (exchange.isLeft) return
  exchange.isLeft = true
  if (exchange.isAnswered) end(exchange)
}

function end({ needs, reservation, over }: Exchange): void {
  reservation?.leave()
  over()
  needs.underWay.end()
}

/** `refused`: why nothing else is here. */
type Asked = Partial<Admitted> & { readonly reservation?: Reservation; readonly refused?: unknown }

function ask({ inFlight, budgets }: ExchangeNeeds, peer: Peer, head: Head): Asked {
  const { connection } = peer
  let user: string | undefined
  try {
    if (head.refused) throw head.refused
    if (head.operation === undefined) throw new HsmError('unknown-operation')
    const { admission, caller } = peer.admit(head.operation, head.token)
    user = admission.user
    if (user !== undefined) connection.showedSession()
    else if (letGoBeyondBudget(budgets, peer)) throw new HsmError('busy')
    return { admission, caller, reservation: inFlight.reserve(admission, connection.peer) }
  } catch (error) {
    letGoBeyondBudget(budgets, peer)
    return { refused: error }
  } finally {
    if (user === undefined) budgets.charge(connection.peer, REQUEST_COST_MS)
  }
}

/**
 * A peer that has taken more than its share of the event loop loses its connection, whatever it asks for; one with a session that
 * stands shares its address with somebody, at worst.
 *
 * @returns whether it has
 */
function letGoBeyondBudget(budgets: Budgets, { connection, user }: Peer): boolean {
  if (budgets.has(connection.peer)) return false
  if (user() === undefined) connection.close()
  return true
}

function work(exchange: Exchange, caller: Caller, request: object): void {
  const { peer, head } = exchange
  let replying: MaybePromise<object>
  try {
    // The HSM checks it against the operation's schema.
    replying = measured(exchange, () =>
      caller(head.operation as OperationName, request as Request<OperationName>),
    )
  } catch (error) {
    return void refuse(exchange, error)
  }
  if (!(replying instanceof Promise)) return void reply(exchange, replying)
  const release = peer.connection.hold()
  replying.then(
    (made) => {
      release()
      reply(exchange, made)
    },
    (error: unknown) => {
      release()
      refuse(exchange, error)
    },
  )
}

function reply(exchange: Exchange, made: object): void {
  let answer: Answer
  try {
    noteSessions(exchange, made)
    answer = measured(exchange, () => replyOf(made))
  } catch (error) {
    answer = failure(exchange.needs.log, exchange.head.operation, error)
  }
  settle(exchange, answer)
}

const refuse = (exchange: Exchange, error: unknown): void =>
  settle(exchange, failure(exchange.needs.log, exchange.head.operation, error))

function settle(exchange: Exchange, answer: Answer): void {
  const { outlet, reservation } = exchange
  exchange.isAnswered = true
  if (reservation?.answer(answer.body.length) === false) outlet.cutOff()
  else outlet.answer(answer)
  if (answer.outcome !== 'ok') noteRefusal(exchange, answer.outcome)
  if (exchange.isLeft) end(exchange)
}

function noteRefusal({ needs, peer, head, admission, startedAt }: Exchange, outcome: ErrorCode): void {
  needs.requestLog.note(peer.connection, admission?.user, {
    operation: head.operation,
    outcome,
    ms: Math.round((needs.monotonic() - startedAt) * 1000) / 1000,
  })
}

const isAnonymous = ({ admission }: Exchange): boolean => admission?.user === undefined

/** What this does between two turns of the event loop is charged to whoever has no session. */
function measured<R>(exchange: Exchange, step: () => R): R {
  if (!isAnonymous(exchange)) return step()
  const { needs, peer } = exchange
  const before = needs.worked()
  try {
    return step()
  } finally {
    needs.budgets.charge(peer.connection.peer, needs.worked() - before)
  }
}

/** A session is shown by a call that it made good, and opened by a reply with a token. */
function noteSessions({ peer, head }: Exchange, reply: object): void {
  const opened = 'token' in reply && typeof reply.token === 'string' ? reply.token : undefined
  if (opened !== undefined) peer.opened(opened)
  for (const token of [head.token, opened]) {
    if (token === undefined) continue
    peer.connection.showedSession()
    if (head.bound) peer.bound.bind(token)
  }
}
