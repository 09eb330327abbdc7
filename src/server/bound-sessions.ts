/** Which sessions end with a connection: those that were opened or used over it with that wish. */
import type { Connection } from '../listener/connection.ts'

export type BoundSessions = {
  /** The session of this token ends with the connection. */
  bind(token: string): void
  /** The connection is gone. */
  end(): void
}

/**
 * @param most sessions of one connection; binding one more ends the oldest
 * @param onEnd called with each token whose session is to end
 */
export function createBoundSessions(
  connection: Connection,
  most: number,
  onEnd: (token: string) => void,
): BoundSessions {
  const bound = new Set<string>()
  let gone = false
  return {
    bind(token) {
      if (gone) return onEnd(token)
      bound.add(token)
      connection.keepWhenIdle(true)
      const [oldest] = bound
      if (bound.size <= most || oldest === undefined) return
      bound.delete(oldest)
      onEnd(oldest)
    },
    end() {
      gone = true
      for (const token of bound) onEnd(token)
      bound.clear()
    },
  }
}
