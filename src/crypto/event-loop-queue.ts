/** Long computations that can only run on the event loop take turns with everything else that waits for it. */
import { setImmediate } from 'node:timers/promises'

let last: Promise<unknown> = Promise.resolve()

/** Runs `work` after all that were handed in before, with a round of the event loop in between. */
export function queueOnEventLoop<R>(work: () => R): Promise<R> {
  const mine = last.then(() => setImmediate()).then(work)
  last = mine.catch(() => undefined)
  return mine
}
