/** Logs each refused request, at a rate that an operator can read. */

import type { Log } from '../base/log.ts'
import { createThrottledLog } from '../logging/throttled-log.ts'

export type RequestLog = {
  /** @param source whose refusals are counted together */
  note(source: string, fields: RequestFields): void
  /** Writes what is still to be said. */
  end(): void
}

export type RequestFields = {
  readonly operation: string | undefined
  readonly outcome: string
  /** What it took. */
  readonly ms: number
  readonly remote: string | undefined
}

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
    note(source, fields) {
      if (fields.outcome === 'ok') log('debug', fields, 'request')
      else refusals.note(source, fields.outcome, 'info', fields, 'request')
    },
    end: refusals.end,
  }
}
