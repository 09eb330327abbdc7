/** A clock that a test moves, and timers on it. */
import { setImmediate } from 'node:timers/promises'
import type { After, Clock } from '../../../src/cluster/timing.ts'

export function virtualTimers() {
  let now = 0
  let timers: { readonly at: number; readonly callback: () => void }[] = []
  const clock: Clock = () => now
  const after: After = (ms, callback) => {
    const timer = { at: now + ms, callback }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }
  return {
    clock,
    after,
    pending: () => timers.length,
    /** Whatever is due runs, and what it set free. */
    async pass(ms: number): Promise<void> {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { callback } of due) callback()
      for (let turn = 0; turn < 3; turn++) await setImmediate()
    },
  }
}
