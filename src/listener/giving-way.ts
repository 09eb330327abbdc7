/** Which of the connections without a session gives way to a new one. */

type Candidate = { readonly peer: string; readonly isHeld: () => boolean }

export type GivingWay<C extends Candidate> = {
  add(connection: C): void
  remove(connection: C): void
  /** The oldest of the peer that has most of them, so that others are not driven out by it. Undefined when all are being worked for. */
  next(): C | undefined
}

export function createGivingWay<C extends Candidate>(): GivingWay<C> {
  const byPeer = new Map<string, Set<C>>()
  return {
    add(connection) {
      const own = byPeer.get(connection.peer) ?? new Set()
      byPeer.set(connection.peer, own.add(connection))
    },
    remove(connection) {
      const own = byPeer.get(connection.peer)
      if (own?.delete(connection) && own.size === 0) byPeer.delete(connection.peer)
    },
    next() {
      const crowds = [...byPeer.values()].toSorted((a, b) => b.size - a.size)
      for (const crowd of crowds) {
        for (const connection of crowd) if (!connection.isHeld()) return connection
      }
      return undefined
    },
  }
}
