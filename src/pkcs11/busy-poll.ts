/** Polls for the next request for a moment, instead of sleeping between two of them. */

/**
 * A program signs with two calls, one right after the other, and the two processes would fall asleep and be woken for each:
 * on an idle machine that takes longer than the calls themselves. `npm run bench:pkcs11` has the difference.
 */
const MOMENT_MS = 0.05

export type BusyPoll = {
  /** An answer has been sent: the next request may be on its way. */
  extend(): void
}

/** One for all connections: it keeps the event loop awake for a moment after each request. */
export function createBusyPoll(): BusyPoll {
  let until = 0
  let awake = false

  function look(): void {
    awake = performance.now() < until
    if (awake) setImmediate(look)
  }

  return {
    extend() {
      until = performance.now() + MOMENT_MS
      if (awake) return
      awake = true
      setImmediate(look)
    },
  }
}
