/** Long computations that can only run on the event loop: one at a time, and all else that waits runs in between. */
import { setImmediate } from 'node:timers/promises'

let last: Promise<unknown> = Promise.resolve()

/** Runs `work` after all that were handed in before, with a round of the event loop in between. */
export function queueOnEventLoop<R>(work: () => R): Promise<R> {
  const mine = last.then(() => setImmediate()).then(work)
  last = mine.catch(() => undefined)
  return mine
}
