/** Detects within a second that the other end of a connection is gone. */

const PROBE_MS = 160
/** Counted, not timed: a client that was held up itself has not given the other side a chance. */
const UNANSWERED = 5

export interface Liveness {
  /** A request begins; returns the function that ends it. Only while one is under way does it matter. */
  begin(): () => void
  /** The connection is gone. */
  stop(): void
}

export type LivenessNeeds = {
  /** Asks the other end for a sign of life, and calls `answered` when there is one. */
  readonly ping: (answered: () => void) => void
  /** The other end is gone: ends the connection. */
  readonly giveUp: () => void
  /** Whether another server answers; undefined when there is none. */
  readonly isElsewhereBetter: (() => Promise<boolean>) | undefined
}

/**
 * Sends pings while requests are under way, and ends the connection when they stay unanswered and somebody else answers: when
 * everybody is slow, it is this machine or the network that is busy, and going elsewhere does not help.
 */
export function createLiveness({ ping, giveUp, isElsewhereBetter }: LivenessNeeds): Liveness {
  // For a server without an alternative: waiting for it costs nothing.
  if (!isElsewhereBetter) return NO_LIVENESS
  return watch(ping, giveUp, isElsewhereBetter)
}

const NO_LIVENESS: Liveness = { begin: () => () => undefined, stop: () => undefined }

function watch(
  ping: LivenessNeeds['ping'],
  giveUp: () => void,
  isElsewhereBetter: () => Promise<boolean>,
): Liveness {
  let underWay = 0
  let unanswered = 0
  let isGone = false
  let isComparing = false
  let timer: NodeJS.Timeout | undefined
  const rest = () => {
    clearInterval(timer)
    timer = undefined
  }
  const answered = () => {
    unanswered = 0
  }
  const probe = () => {
    if (unanswered === UNANSWERED) return void compare()
    unanswered += 1
    ping(answered)
  }
  async function compare(): Promise<void> {
    if (isComparing) return
    isComparing = true
    const isBetter = await isElsewhereBetter()
    isComparing = false
    // It may have answered meanwhile.
    if (isBetter && unanswered === UNANSWERED && underWay > 0) giveUp()
  }
  return {
    begin() {
      underWay += 1
      if (underWay === 1 && !isGone) {
        unanswered = 0
        timer = setInterval(probe, PROBE_MS)
      }
      return () => {
        underWay -= 1
        if (underWay === 0) rest()
      }
    },
    stop() {
      isGone = true
      rest()
    },
  }
}
