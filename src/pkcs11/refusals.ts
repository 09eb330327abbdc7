/** Logs what a program is refused, a call or a connection, at a rate that an operator can read. */

import type { Log } from '../base/log.ts'
import type { HsmError } from '../contract/errors.ts'
import { createThrottledLog } from '../logging/throttled-log.ts'
import { BOUNDS } from './bounds.ts'
import { CKR, returnName } from './cryptoki/returns.ts'
import { CryptokiError, returnValueOf } from './errors.ts'
import type { CallName } from './rpc/calls.ts'

type Line = Readonly<Record<string, unknown>>

export type Refusals = {
  /** @param user who is logged in */
  note(call: CallName, user: string | undefined, error: CryptokiError | HsmError): void
  /** The same of a whole connection. */
  closed(line: Line, message: string): void
  /** Writes what is still to be said. */
  end(): void
}

const PROGRAMS = 'programs'

/** Answers to a question, which are no mistake of anybody's. */
const EXPECTED: ReadonlySet<number> = new Set([CKR.NO_EVENT])

/** Of all programs together. */
export function createRefusals(log: Log): Refusals {
  const lines = createThrottledLog(log, {
    periodMs: BOUNDS.refusalsPeriodMs,
    written: BOUNDS.refusalsLogged,
    kinds: BOUNDS.refusalKinds,
    sources: 1,
    monotonic: () => performance.now(),
  })
  return {
    note(call, user, error) {
      const value = returnValueOf(error)
      if (EXPECTED.has(value)) return
      const returns = returnName(value)
      const reason = error instanceof CryptokiError ? error.reason : error.message
      const line = { call, returns, ...(reason && { reason }), ...(user && { user }) }
      lines.note(PROGRAMS, `${call} ${returns}`, 'info', line, 'a PKCS#11 call was refused')
    },
    closed: (line, message) => lines.note(PROGRAMS, message, 'warn', line, message),
    end: lines.end,
  }
}
