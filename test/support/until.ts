/** Waiting for what comes about on its own, in this process or in another one. */
import { setTimeout as delay, setImmediate } from 'node:timers/promises'

/** Far more than anything takes that a test waits for. No test asserts it: it is there so that one fails with a reason. */
const PATIENCE_MS = 60_000

/** Between two looks at another process. */
const PAUSE_MS = 20

/**
 * Resolves when it holds, and looks again in every turn of the event loop.
 *
 * @param what is waited for, for the error
 * @throws when it does not come about, or looking fails
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  pause: () => Promise<unknown> = setImmediate,
): Promise<void> {
  const over = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > over) throw new Error(`This never came about: ${what}`)
    await pause()
  }
}

/** The same for what another process does: looks again after a pause. */
export const untilElsewhere = (what: string, holds: () => boolean | Promise<boolean>): Promise<void> =>
  until(what, holds, () => delay(PAUSE_MS))
