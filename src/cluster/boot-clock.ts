/**
 * A clock that goes on while the machine is suspended, as a lease does. `performance.now` stands still then, and the
 * system's uptime, which does not, takes ten microseconds to ask for. So it is asked only when the wall clock says that
 * time has passed which `performance.now` has not seen; a stepped wall clock costs one such question and does no harm.
 */
import type { Clock } from './timing.ts'

/** The clocks of the machine that it is made of. */
export type ClockSources = {
  /** Milliseconds, never steps, may stand still during suspend. */
  readonly monotonic: () => number
  /** Milliseconds, may step. */
  readonly wall: () => number
  /** Seconds since the machine was booted, suspend included. */
  readonly uptime: () => number
}

/** Less than the margin that `timing.ts` leaves, with the ten milliseconds in which the uptime counts. */
const UNSEEN_MS = 50

/** Milliseconds since the machine was booted, suspend included. */
export function createBootClock({ monotonic, wall, uptime }: ClockSources): Clock {
  const difference = () => wall() - monotonic()
  let calibrated = difference()
  let offset = uptime() * 1000 - monotonic()
  return () => {
    const now = difference()
    if (Math.abs(now - calibrated) > UNSEEN_MS) {
      calibrated = now
      offset = Math.max(offset, uptime() * 1000 - monotonic())
    }
    return monotonic() + offset
  }
}
