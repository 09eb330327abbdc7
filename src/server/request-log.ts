/** Logs each refused request, at a rate that an operator can read. */

import type { Log } from '../base/log.ts'
import type { Connection } from '../listener/connection.ts'
import { createThrottledLog } from '../logging/throttled-log.ts'

export type RequestLog = {
  /** A refusal. @param user who asked, if it was somebody; their refusals are counted together, as are those of a peer without a login */
  note(connection: Source, user: string | undefined, fields: RequestFields): void
  /** Writes what is still to be said. */
  end(): void
}

export type RequestFields = {
  readonly operation: string | undefined
  readonly outcome: string
  /** What it took. */
  readonly ms: number
  /** What is wrong with it. */
  readonly frame?: string
}

type Source = Pick<Connection, 'peer' | 'remote'>

export type RequestLogLimits = {
  readonly refusalsPeriodMs: number
  readonly refusalsLogged: number
  readonly refusalKinds: number
  readonly refusalSources: number
}

/** @param monotonic milliseconds on a clock that never steps */
export function createRequestLog(log: Log, limits: RequestLogLimits, monotonic: () => number): RequestLog {
  const refusals = createThrottledLog(log, {
    periodMs: limits.refusalsPeriodMs,
    written: limits.refusalsLogged,
    kinds: limits.refusalKinds,
    sources: limits.refusalSources,
    monotonic,
  })
  return {
    note({ peer, remote }, user, fields) {
      refusals.note(`${peer} ${user ?? ''}`, fields.outcome, 'info', { ...fields, remote }, 'request')
    },
    end: refusals.end,
  }
}
