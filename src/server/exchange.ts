/** One HTTP exchange: from a request on the wire to the HSM's answer or refusal. */
import { randomUUID } from 'node:crypto'
import { isOperation } from '../contract/check.ts'
import { ERRORS, HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { OperationName, Request } from '../contract/operations.ts'
import { BINDING_HEADER, BINDING_VALUE, PATH_PREFIX } from '../contract/wire.ts'
import { type Body, type BodyLimits, receive } from './body.ts'
import type { Connection } from './connections.ts'
import { decodeObject } from './json.ts'
import { cutOff, type Incoming, type Outgoing } from './wire.ts'

export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  fields: Readonly<Record<string, unknown>>,
  message: string,
) => void

export type ExchangeLimits = BodyLimits & { readonly replyMs: number }

export type ExchangeNeeds = {
  readonly hsm: Hsm
  readonly log: Log
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  readonly limits: ExchangeLimits
}

export type Exchange = {
  readonly request: Incoming
  readonly response: Outgoing
  readonly connection: Connection
  /** Whether there is room for this request among those under way. */
  readonly hasRoom: boolean
}

type Answer = { readonly status: number; readonly outcome: string; readonly body: Buffer }

/** Answers a request, whatever it is. Resolves when nothing of it is under way any more; never rejects. */
export async function exchange(needs: ExchangeNeeds, parts: Exchange): Promise<void> {
  const { log, monotonic, limits } = needs
  const startedAt = monotonic()
  const operation = operationOf(parts.request)
  const closed = closeOf(parts.response)
  const body = receive(parts.request, limits)
  const answer = await answerTo(needs, parts, operation, body).catch((error) =>
    failure(log, operation, error),
  )
  body.discard()
  send(parts.response, answer)
  const { outcome } = answer
  const ms = Math.round((monotonic() - startedAt) * 1000) / 1000
  const { remote } = parts.connection
  log(outcome === 'ok' ? 'debug' : 'info', { operation, outcome, ms, remote }, 'request')
  const untaken = setTimeout(() => cutOff(parts.request), limits.replyMs)
  await closed
  clearTimeout(untaken)
}

async function answerTo(
  { hsm }: ExchangeNeeds,
  { request, connection, hasRoom }: Exchange,
  operation: OperationName | undefined,
  body: Body,
): Promise<Answer> {
  if (!hasRoom) throw new HsmError('busy')
  if (request.method !== 'POST') return refusal(405, 'invalid-request', 'The method must be POST')
  if (operation === undefined) throw new HsmError('unknown-operation')
  checkContentType(request)
  const { token, bound } = credentials(request)
  // The HSM checks it against the operation's schema.
  const asked = decodeObject(await body.bytes()) as Request<OperationName>
  const reply = await hsm.call(operation, asked, token)
  noteSessions(connection, bound, token, reply)
  return { status: 200, outcome: 'ok', body: Buffer.from(JSON.stringify(reply)) }
}

function operationOf({ url = '' }: Incoming): OperationName | undefined {
  const name = url.slice(PATH_PREFIX.length)
  return url.startsWith(PATH_PREFIX) && isOperation(name) ? name : undefined
}

function checkContentType({ headers }: Incoming): void {
  const type = headers['content-type'] ?? ''
  // RFC 8259 §11 defines no charset parameter, yet many clients send one.
  if (/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return
  throw new HsmError('invalid-request', 'The content-type must be application/json')
}

type Credentials = {
  readonly token: string | undefined
  /** The session is to end with the connection. */
  readonly bound: boolean
}

function credentials({ headers }: Incoming): Credentials {
  const { authorization, [BINDING_HEADER]: binding } = headers
  if (binding !== undefined && binding !== BINDING_VALUE) {
    throw new HsmError('invalid-request', `The header ${BINDING_HEADER} must be: ${BINDING_VALUE}`)
  }
  const bound = binding !== undefined
  if (authorization === undefined) return { token: undefined, bound }
  // RFC 6750 §2.1
  const token = /^Bearer +([A-Za-z0-9._~+/-]{1,256}=*)$/i.exec(authorization)?.[1]
  if (token === undefined) {
    throw new HsmError('not-logged-in', 'The header authorization must be: Bearer and a session token')
  }
  return { token, bound }
}

/** A session is shown by a call that it made good, and opened by a reply with a token. */
function noteSessions(
  connection: Connection,
  bound: boolean,
  presented: string | undefined,
  reply: object,
): void {
  const opened = 'token' in reply && typeof reply.token === 'string' ? reply.token : undefined
  for (const token of [presented, opened]) {
    if (token === undefined) continue
    connection.showedSession()
    if (bound) connection.bind(token)
  }
}

function failure(log: Log, operation: OperationName | undefined, error: unknown): Answer {
  if (error instanceof HsmError) return refusal(ERRORS[error.code].http, error.code, error.message)
  const incident = randomUUID()
  log('error', { incident, operation, err: error }, 'request failed unexpectedly')
  return refusal(
    ERRORS.internal.http,
    'internal',
    `Internal error, incident ${incident} in the log of the HSM`,
  )
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, outcome: code, body: Buffer.from(JSON.stringify({ code, message })) }
}

/** Resolves when the response has been taken, or its peer is gone. */
function closeOf(response: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', () => resolve())
  })
}

/** Header and body leave in one write. Does nothing when the peer is gone. */
function send(response: Outgoing, { status, body }: Answer): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', body.length)
  response.setHeader('cache-control', 'no-store')
  if (status === 405) response.setHeader('allow', 'POST')
  response.end(body)
}
