/** What goes back over HTTP: a reply, or a refusal in the same form. */
import { randomUUID } from 'node:crypto'
import type { Log } from '../base/log.ts'
import { ERRORS, HsmError } from '../contract/errors.ts'
import type { OperationName } from '../contract/operations.ts'
import type { Incoming, Outgoing } from './wire.ts'

/** HTTP status, `ok` or the code of the refusal, and JSON. */
export type Answer = { readonly status: number; readonly outcome: string; readonly body: Buffer }

/** The refusal that an error is, which is logged if nothing should have thrown it. */
export function failure(log: Log, operation: OperationName | undefined, error: unknown): Answer {
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
export function closeOf(response: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', () => resolve())
  })
}

/** Header and body leave in one write. Does nothing when the peer is gone. */
export function send({ method }: Incoming, response: Outgoing, { status, body }: Answer): void {
  response.statusCode = method === 'POST' ? status : 405
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', body.length)
  response.setHeader('cache-control', 'no-store')
  if (method !== 'POST') response.setHeader('allow', 'POST')
  response.end(body)
}
