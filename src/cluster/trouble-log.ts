/** A trouble that lasts or comes again: logged when it begins, at growing intervals from then on, and when it is over. */
import type { Log } from '../base/log.ts'
import type { Clock } from './timing.ts'

export type TroubleLog = {
  report(error: unknown): void
  /** All is well. */
  over(): void
}

const FIRST_INTERVAL_MS = 5000
const LONGEST_INTERVAL_MS = 300_000

/** @param messages of the trouble, and of its end if that can be known */
export function createTroubleLog(
  log: Log,
  clock: Clock,
  messages: { readonly trouble: string; readonly over?: string },
): TroubleLog {
  let since: number | undefined
  let times = 0
  let nextAt = 0
  let intervalMs = 0
  return {
    report(error) {
      const now = clock()
      times += 1
      if (since !== undefined && now < nextAt) return
      intervalMs = since === undefined ? FIRST_INTERVAL_MS : Math.min(2 * intervalMs, LONGEST_INTERVAL_MS)
      since ??= now
      nextAt = now + intervalMs
      log(
        'warn',
        { problem: error instanceof Error ? error.message : String(error), times },
        messages.trouble,
      )
    },
    over() {
      if (since === undefined) return
      if (messages.over !== undefined)
        log('info', { times, seconds: Math.round((clock() - since) / 1000) }, messages.over)
      since = undefined
      times = 0
    },
  }
}
