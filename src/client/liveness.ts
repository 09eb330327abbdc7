/** Detects within a second that the other end of a connection is gone. */
import type { ClientHttp2Session } from 'node:http2'

const PROBE_MS = 160
/** Counted, not timed: a client that was held up itself has not given the other side a chance. */
const UNANSWERED = 5

export interface Liveness {
  /** A request begins; returns the function that ends it. Only while one is under way does it matter. */
  begin(): () => void
}

/**
 * Sends HTTP/2 pings (RFC 9113 §6.7) while requests are under way, and destroys the connection when they stay unanswered and
 * somebody else answers: when everybody is slow, it is this machine or the network that is busy, and going elsewhere does not
 * help.
 *
 * @param isElsewhereBetter whether another server answers
 */
export function createLiveness(
  session: ClientHttp2Session,
  isElsewhereBetter: () => Promise<boolean>,
): Liveness {
  let underWay = 0
  let unanswered = 0
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    clearInterval(timer)
    timer = undefined
  }
  const answered = (error: Error | null) => {
    if (!error) unanswered = 0
  }
  const probe = () => {
    if (unanswered === UNANSWERED) return void compare()
    unanswered += 1
    session.ping(answered)
  }
  let isComparing = false
  async function compare(): Promise<void> {
    if (isComparing) return
    isComparing = true
    const isBetter = await isElsewhereBetter()
    isComparing = false
    // It may have answered meanwhile.
    if (isBetter && unanswered === UNANSWERED && underWay > 0) session.destroy()
  }
  session.once('close', stop)
  return {
    begin() {
      underWay += 1
      if (underWay === 1 && !session.destroyed) {
        unanswered = 0
        timer = setInterval(probe, PROBE_MS)
      }
      return () => {
        underWay -= 1
        if (underWay === 0) stop()
      }
    },
  }
}

/** For a server without an alternative: waiting for it costs nothing. */
export const NO_LIVENESS: Liveness = { begin: () => () => undefined }
