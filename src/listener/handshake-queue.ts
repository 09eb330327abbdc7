/** When the handshake of a new connection begins: at once, or when its peer has a budget again. */
import type { Budgets } from '../rates/budgets.ts'
import type { Connection } from './connection.ts'

export type HandshakeQueue = {
  /** @param start called once, unless the connection is gone before its turn */
  begin(connection: Connection, start: () => void): void
  /** It is gone. */
  forget(connection: Connection): void
}

const LOOK_AGAIN_MS = 20

/**
 * Of those who wait, the newest comes first: under a flood the older ones have given up, or will have when their turn
 * comes.
 *
 * @param costMs what a handshake takes of the event loop
 */
export function createHandshakeQueue(budgets: Budgets, costMs: number): HandshakeQueue {
  const waiting = new Map<Connection, () => void>()
  let timer: NodeJS.Timeout | undefined

  const isAllowed = ({ peer }: Connection) => {
    if (!budgets.has(peer)) return false
    budgets.charge(peer, costMs)
    return true
  }
  const lookAgain = () => {
    timer = undefined
    for (const [connection, start] of [...waiting].reverse()) {
      if (!isAllowed(connection)) continue
      waiting.delete(connection)
      start()
    }
    look()
  }
  const look = () => {
    if (waiting.size === 0 || timer) return
    timer = setTimeout(lookAgain, LOOK_AGAIN_MS)
  }
  return {
    begin(connection, start) {
      if (isAllowed(connection)) return start()
      waiting.set(connection, start)
      look()
    },
    forget(connection) {
      waiting.delete(connection)
    },
  }
}
