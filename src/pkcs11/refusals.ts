/** A line in the log for what a program is refused, and no more lines than an operator can read. */
import type { HsmError } from '../contract/errors.ts'
import { BOUNDS } from './bounds.ts'
import { CKR, returnName } from './cryptoki/returns.ts'
import { CryptokiError, returnValueOf } from './errors.ts'
import type { Log } from './program.ts'
import type { CallName } from './rpc/calls.ts'

export type Refusals = {
  /** @param user who is logged in */
  note(call: CallName, user: string | undefined, error: CryptokiError | HsmError): void
  /** Writes what is still to be said. */
  end(): void
}

/** Answers to a question, which are no mistake of anybody's. */
const EXPECTED: ReadonlySet<number> = new Set([CKR.NO_EVENT])

type Line = Readonly<Record<string, unknown>>

/** Of all programs together: Unix sockets do not say who they are. */
export function createRefusals(log: Log): Refusals {
  let written = 0
  let leftOut = 0
  let last: Line = {}
  let timer: NodeJS.Timeout | undefined

  const write = (line: Line) => log('info', line, 'a PKCS#11 call was refused')

  /** The first of a period are written, and the last one with the number of those between. */
  function end(): void {
    clearTimeout(timer)
    timer = undefined
    if (leftOut > 0) write({ ...last, leftOut: leftOut - 1 })
    written = 0
    leftOut = 0
  }

  return {
    note(call, user, error) {
      const value = returnValueOf(error)
      if (EXPECTED.has(value)) return
      const reason = error instanceof CryptokiError ? error.reason : error.message
      const line = { call, returns: returnName(value), ...(reason && { reason }), ...(user && { user }) }
      timer ??= setTimeout(end, BOUNDS.refusalsPeriodMs).unref()
      if (written < BOUNDS.refusalsLogged) {
        written += 1
        write(line)
      } else {
        leftOut += 1
        last = line
      }
    },
    end,
  }
}
