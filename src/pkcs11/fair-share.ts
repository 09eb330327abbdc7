/** Something limited that peers share so that none can use it up: nobody has more of it than is left for those who come next. */

/** Who takes: a user of the machine, or a connection of which more is not known. */
export type Peer = number | symbol

export type FairShare = {
  /** False, and nothing is taken, when the peer would have more than would be left. */
  take(peer: Peer, count: number): boolean
  give(peer: Peer, count: number): void
  heldBy(peer: Peer): number
}

/**
 * One peer alone gets half, each of `n` peers one part of `n + 1` (dynamic thresholds, Choudhury and Hahne, IEEE/ACM
 * Transactions on Networking 6(2), 1998).
 */
export function createFairShare(total: number): FairShare {
  const held = new Map<Peer, number>()
  let left = total
  const heldBy = (peer: Peer) => held.get(peer) ?? 0
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
