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
/** Of a PKCS#11 program: C_SignInit and C_Sign; and a write to the journal. Over HTTPS there are fewer. */
const LONE_EVENTS = 3

/** RSA signatures in the pool. */
let inPool = 0
/** RSA signatures in a row that nobody shared the HSM with. */
let lone = 0
/** What came while RSA was signed on the event loop may not have been read yet. */
let mayWait = false
/** What the event loop had handled when RSA was last signed. */
let handled = 0

/**
 * RSA goes to the pool, where several signatures are made at once. Only a caller who is alone is signed for on the event loop,
 * because the way there and back is all that the pool would add. A caller is alone when this signature and the {@link LONE_USES}
 * before it came one after the other, and when the event loop handled no more between two of them than the
 * {@link LONE_EVENTS} that one caller is the reason of. These are counts, not times: a machine that is busy with other
 * things changes nothing. A crowd, be it one connection with many requests, gets at most one signature in so many on the event
 * loop, and others wait for that one only.
 *
 * @param now signs on the event loop
 * @param later signs in the pool
 */
export function signRsa(
  { bits, data }: { readonly bits: number; readonly data: Uint8Array },
  now: () => Buffer,
  later: () => Promise<Buffer>,
): Buffer | Promise<Buffer> {
  const came = events() - handled
  handled += came
  lone = inPool > 0 || mayWait || came > LONE_EVENTS ? 0 : lone + 1
  if (lone <= LONE_USES || bits > LONE_RSA_BITS || !isQuickMessage(data)) return signInPool(later)
  // Another one that has been waiting is found in the next round of the event loop, which is over when both have run.
  mayWait = true
  setImmediate(() =>
    setImmediate(() => {
      mayWait = false
    }),
  )
  return now()
}

async function signInPool(later: () => Promise<Buffer>): Promise<Buffer> {
  inPool += 1
  try {
    return await later()
  } finally {
    inPool -= 1
    // That the pool was ready is an event, too.
    handled += 1
  }
}

/** Bytes that came, a timer of the operating system, work that the pool has done. */
const events = (): number => performance.nodeTiming.uvMetricsInfo.events
