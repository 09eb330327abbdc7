/** Logs each refused request, at a rate that an operator can read. */

import type { Log } from '../base/log.ts'
import { createThrottle, type LeftOut } from '../rates/throttle.ts'

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
  const refusals = createThrottle<RequestFields>({
    periodMs: limits.refusalsPeriodMs,
    written: limits.refusalsLogged,
    kinds: limits.refusalKinds,
    sources: limits.refusalSources,
    monotonic,
  })
  let timer: NodeJS.Timeout | undefined

  const tell = (summaries: readonly LeftOut<RequestFields>[]) => {
    for (const { last, leftOut } of summaries) log('info', { ...last, leftOut }, 'request')
  }
  const look = () => {
    if (timer || !refusals.isPending()) return
    timer = setTimeout(() => {
      timer = undefined
      tell(refusals.due())
      look()
    }, limits.refusalsPeriodMs).unref()
  }
  return {
    note(source, fields) {
      if (fields.outcome === 'ok') return log('debug', fields, 'request')
      if (refusals.note(source, fields.outcome, fields)) return log('info', fields, 'request')
      look()
    },
    end() {
      clearTimeout(timer)
      tell(refusals.soFar())
    },
  }
}
