/** Log lines that anybody can cause for nothing, at a rate that an operator can read. */
import type { Log } from '../base/log.ts'
import { createThrottle, type ThrottleNeeds } from '../rates/throttle.ts'

export type ThrottledLog = {
  /**
   * @param source whose lines are counted together
   * @param kind of which the first and the last of a period are always written
   */
  note(source: string, kind: string, ...line: Parameters<Log>): void
  /** Writes what is still to be said. */
  end(): void
}

/** The last line of each kind has `leftOut` besides: the number of those that came before it and were not written. */
export function createThrottledLog(log: Log, needs: ThrottleNeeds): ThrottledLog {
  const throttle = createThrottle<Parameters<Log>>(needs)
  let timer: NodeJS.Timeout | undefined

  const tell = (summaries: ReturnType<typeof throttle.due>) => {
    for (const { last, leftOut } of summaries) log(last[0], { ...last[1], leftOut }, last[2])
  }
  const look = () => {
    if (timer || !throttle.isPending()) return
    timer = setTimeout(() => {
      timer = undefined
      tell(throttle.due())
      look()
    }, needs.periodMs).unref()
  }
  return {
    note(source, kind, ...line) {
      if (throttle.note(source, kind, line)) log(...line)
      else look()
    },
    end() {
      clearTimeout(timer)
      timer = undefined
      tell(throttle.soFar())
    },
  }
}
