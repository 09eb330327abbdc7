/** Logs what a program is refused, a call or a connection, at a rate that an operator can read. */

import type { Log } from '../base/log.ts'
import type { HsmError } from '../contract/errors.ts'
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

/** Answers to a question, which are no mistake of anybody's. */
const EXPECTED: ReadonlySet<number> = new Set([CKR.NO_EVENT])

/** Of all programs together. */
export function createRefusals(log: Log): Refusals {
  let written = 0
  let leftOut = 0
  let last: Parameters<Log> | undefined
  let timer: NodeJS.Timeout | undefined

  /** The first of a period are written, and the last one with the number of those between. */
  function end(): void {
    clearTimeout(timer)
    timer = undefined
    if (last) log(last[0], { ...last[1], leftOut: leftOut - 1 }, last[2])
    written = 0
    leftOut = 0
    last = undefined
  }

  function write(...line: Parameters<Log>): void {
    timer ??= setTimeout(end, BOUNDS.refusalsPeriodMs).unref()
    if (written < BOUNDS.refusalsLogged) {
      written += 1
      log(...line)
    } else {
      leftOut += 1
      last = line
    }
  }

  return {
    note(call, user, error) {
      const value = returnValueOf(error)
      if (EXPECTED.has(value)) return
      const reason = error instanceof CryptokiError ? error.reason : error.message
      const line = { call, returns: returnName(value), ...(reason && { reason }), ...(user && { user }) }
      write('info', line, 'a PKCS#11 call was refused')
    },
    closed: (line, message) => write('warn', line, message),
    end,
  }
}
