/** What goes back to whoever asked: a reply, or a refusal in the same form. */
import { randomUUID } from 'node:crypto'
import type { Log } from '../base/log.ts'
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { OperationName } from '../contract/operations.ts'
import { takenJson } from '../contract/wire-json.ts'

/** JSON, of the reply or of `{ code, message }`. */
export type Answer = { readonly outcome: 'ok' | ErrorCode; readonly body: Buffer }

/** Bytes of the reply are wiped. */
export const replyOf = (reply: object): Answer => ({
  outcome: 'ok',
  body: Buffer.from(takenJson(reply)),
})

/** The refusal that an error is, which is logged if nothing should have thrown it. */
export function failure(log: Log, operation: OperationName | undefined, error: unknown): Answer {
  if (error instanceof HsmError) return refusal(error.code, error.message)
  const incident = randomUUID()
  log('error', { incident, operation, err: error }, 'request failed unexpectedly')
  return refusal('internal', `Internal error, incident ${incident} in the log of the HSM`)
}

const refusal = (code: ErrorCode, message: string): Answer => ({
  outcome: code,
  body: Buffer.from(JSON.stringify({ code, message })),
})
