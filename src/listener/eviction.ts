/** Which connection without a session is closed to make room for a new one. */

type Candidate<P> = { readonly peer: P; readonly isHeld: () => boolean }

/** Adding, removing and finding take the same time however many there are, but for those that are held. */
export type Evictable<P, C extends Candidate<P>> = {
  add(connection: C): void
  remove(connection: C): void
  /**
   * The oldest that is not held, of the peer that has most of them, so that others are not driven out by it.
   *
   * @param of only of this peer
   * @returns undefined when all are held
   */
  next(of?: P): C | undefined
}

export function createEvictable<P, C extends Candidate<P>>(): Evictable<P, C> {
  const byPeer = new Map<P, Set<C>>()
  /** Peers by how many connections they have here. */
  const bySize: Set<P>[] = []
  let largest = 0

  const resized = (peer: P, before: number, after: number) => {
    bySize[before]?.delete(peer)
    if (after > 0) bySize[after] = (bySize[after] ?? new Set()).add(peer)
    largest = Math.max(largest, after)
    while (largest > 0 && !bySize[largest]?.size) largest -= 1
  }
  const oldestOf = (peer: P): C | undefined =>
    byPeer
      .get(peer)
      ?.values()
      .find((one) => !one.isHeld())

  function next(): C | undefined {
    for (let size = largest; size > 0; size -= 1) {
      for (const peer of bySize[size] ?? []) {
        const found = oldestOf(peer)
        if (found) return found
      }
    }
    return undefined
  }

  return {
    add(connection) {
      const own = byPeer.get(connection.peer) ?? new Set()
      byPeer.set(connection.peer, own)
      const before = own.size
      resized(connection.peer, before, own.add(connection).size)
    },
    remove(connection) {
      const own = byPeer.get(connection.peer)
      if (!own?.delete(connection)) return
      resized(connection.peer, own.size + 1, own.size)
      if (own.size === 0) byPeer.delete(connection.peer)
    },
    next: (of) => (of === undefined ? next() : oldestOf(of)),
  }
}
