/** How much of the event loop peers may take before anyone there has logged in: each of them, and all together. */
import { type Budgets, createBudgets } from '../rates/budgets.ts'

export type AnonymousLimits = {
  readonly anonymousMsPerSecond: number
  readonly anonymousBurstMs: number
  readonly allAnonymousMsPerSecond: number
  readonly allAnonymousBurstMs: number
  readonly anonymousPeers: number
}

const ALL = 'all'

/** @param monotonic milliseconds on a clock that never steps */
export function createAnonymousBudgets(limits: AnonymousLimits, monotonic: () => number): Budgets {
  const each = createBudgets({
    perSecond: limits.anonymousMsPerSecond,
    burst: limits.anonymousBurstMs,
    names: limits.anonymousPeers,
    monotonic,
  })
  const all = createBudgets({
    perSecond: limits.allAnonymousMsPerSecond,
    burst: limits.allAnonymousBurstMs,
    names: 1,
    monotonic,
  })
  return {
    has: (peer) => each.has(peer) && all.has(ALL),
    charge(peer, ms) {
      // What one peer takes beyond its own share is not taken from what others may.
      if (each.has(peer)) all.charge(ALL, ms)
      each.charge(peer, ms)
    },
    refund(peer, ms) {
      each.refund(peer, ms)
      all.refund(ALL, ms)
    },
  }
}
