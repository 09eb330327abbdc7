/** Something limited that peers share so that none can use it up: nobody has more of it than is left for those who come next. */

/** `P`: what peers are told apart by. */
export type FairShare<P> = {
  /** @returns whether it was taken: not when the peer would have more than would be left */
  take(peer: P, count: number): boolean
  give(peer: P, count: number): void
  heldBy(peer: P): number
}

/**
 * One peer alone gets half, each of `n` peers one part of `n + 1` (dynamic thresholds, Choudhury and Hahne, IEEE/ACM
 * Transactions on Networking 6(2), 1998).
 */
export function createFairShare<P>(total: number): FairShare<P> {
  const held = new Map<P, number>()
  let left = total
  const heldBy = (peer: P) => held.get(peer) ?? 0
  return {
    heldBy,
    take(peer, count) {
      const own = heldBy(peer) + count
      if (own > left - count) return false
      left -= count
      held.set(peer, own)
      return true
    },
    give(peer, count) {
      const own = heldBy(peer) - count
      left += count
      if (own > 0) held.set(peer, own)
      else held.delete(peer)
    },
  }
}
