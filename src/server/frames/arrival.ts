/** The time that a frame has to arrive in. */
import type { Waits } from '../../base/waits.ts'

export type Arrival = {
  /** A frame has come; another one has all of its time. */
  complete(): void
  /** @param isAwaited part of a frame is there, and this side reads: the time in which it does not is not the peer's */
  look(isAwaited: boolean): void
}

/** @param onLate a frame has not come in time */
export function createArrival(waits: Waits, onLate: () => void): Arrival {
  let callOff: (() => void) | undefined
  const complete = () => {
    callOff?.()
    callOff = undefined
  }
  return {
    complete,
    look(isAwaited) {
      if (isAwaited) callOff ??= waits.begin(onLate)
      else complete()
    },
  }
}
