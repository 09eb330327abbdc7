/**
 * What is signed on the event loop, where everybody waits for it, and what in the thread pool, which takes two cores and more
 * but costs 50 to 100 µs on the way there and back: decided here and nowhere else.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WeierstrassCurve } from '../contract/algorithms.ts'

/** A signature by P-256 takes 30 µs; the other curves take 10 to 80 times as long. */
export const isQuickCurve = (curve: WeierstrassCurve): boolean => curve === 'secp256r1'

const QUICK_BYTES = 16 * 1024
/** Hashed in less time than a way through the pool takes. */
export const isQuickMessage = (data: Uint8Array): boolean => data.length <= QUICK_BYTES

let last: Promise<unknown> = Promise.resolve()

/**
 * For long computations that have no pool: one at a time, and all else that waits runs in between. Runs `work` after all
 * that were handed in before, with a round of the event loop in between.
 */
export function queueOnEventLoop<R>(work: () => R): Promise<R> {
  const mine = last.then(() => nextTurn()).then(work)
  last = mine.catch(() => undefined)
  return mine
}

/** RSA-2048 takes 0.4 to 0.9 ms; RSA-3072 takes three times as long. */
const LONE_RSA_BITS = 2048
const LONE_USES = 8

/** RSA signatures in the pool. */
let inPool = 0
/** RSA signatures in a row that had the HSM to themselves. */
let lone = 0
/** Something that came while RSA was signed on the event loop may not have been read yet. */
let watching = false

/**
 * RSA goes to the pool, where several signatures are made at once. Only a caller who is alone is signed for on the event loop,
 * because the way there and back is all that the pool would add. A caller is alone when this signature and the {@link LONE_USES}
 * before it did not overlap with another one, and when nothing else came while the last one held the event loop. A crowd, be
 * it one connection with many requests, thus gets at most one signature in so many there, and others wait for that one only.
 *
 * @param now signs on the event loop
 * @param later signs in the pool
 */
export function signRsa(
  { bits, data }: { readonly bits: number; readonly data: Uint8Array },
  now: () => Buffer,
  later: () => Promise<Buffer>,
): Buffer | Promise<Buffer> {
  lone = inPool > 0 || watching ? 0 : lone + 1
  if (lone <= LONE_USES || bits > LONE_RSA_BITS || !isQuickMessage(data)) return signInPool(later)
  watchForOthers()
  return now()
}

async function signInPool(later: () => Promise<Buffer>): Promise<Buffer> {
  inPool += 1
  try {
    return await later()
  } finally {
    inPool -= 1
  }
}

/**
 * Finds out what came while the event loop was held. The next round handles it: mostly the one between these two. When it was a
 * timer or an immediate that asked for the signature it is the one before, in which the request itself is counted otherwise.
 */
function watchForOthers(): void {
  watching = true
  const asked = events()
  setImmediate(() => {
    const before = events()
    setImmediate(() => {
      watching = false
      if (before > asked + 1 || events() > before) lone = 0
    })
  })
}

/** What the event loop has handled: bytes that came, work that the pool has done. */
const events = (): number => performance.nodeTiming.uvMetricsInfo.events
