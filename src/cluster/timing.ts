/**
 * The durations that guarantee G rests on. They are part of the protocol: all nodes of a cluster must agree on them.
 *
 * A node serves only while it can show that its state was complete less than `servingMs` ago. A change is therefore in
 * effect everywhere `graceMs` after it was committed, whatever became of the network. Both are measured on different
 * clocks, whose rates may each be wrong by RATE_ERROR; the margin is for what reading a clock costs in precision.
 */
export type Timing = {
  /** Life of a registration that is not renewed. */
  readonly leaseSeconds: number
  /** How often a node renews its registration and proves its state complete. */
  readonly renewMs: number
  /** How long after asking for such a proof a node may serve on it. */
  readonly servingMs: number
  /** After this long no node serves on a proof that was asked for before. */
  readonly graceMs: number
  /** How long a change waits for nodes that do not acknowledge it, when nothing but convenience is lost. */
  readonly patienceMs: number
  /**
   * Behind the fence: how long after it asked etcd a node may go by the answer, and how long a change waits for nodes that
   * do not acknowledge it. As long as clocks' rates differ by less than twofold, nobody goes by an older answer then.
   */
  readonly fenceMs: number
  readonly fenceGraceMs: number
}

const LEASE_SECONDS = 3
const RATE_ERROR = 0.05
const MARGIN_MS = 100

export const TIMING: Timing = {
  leaseSeconds: LEASE_SECONDS,
  renewMs: (LEASE_SECONDS * 1000) / 3,
  servingMs: LEASE_SECONDS * 1000 * (1 - RATE_ERROR) - MARGIN_MS,
  graceMs: LEASE_SECONDS * 1000 * (1 + RATE_ERROR) + MARGIN_MS,
  patienceMs: 500,
  fenceMs: 450,
  fenceGraceMs: 1000,
}

/** Milliseconds on a clock that never steps and that goes on while the machine is suspended. */
export type Clock = () => number

/** Calls back once after so many milliseconds or a little later; returns what cancels it. */
export type After = (ms: number, callback: () => void) => () => void
