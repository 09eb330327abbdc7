/** The read fence: a wait after which this HSM has every commit that was confirmed before the wait began. */
import { HsmError } from '../contract/errors.ts'
import type { Coordination } from './coordination.ts'
import type { After, Clock, Timing } from './timing.ts'

/** @throws HsmError `not-serving` */
export type Fence = () => Promise<void>

export type FenceNeeds = {
  readonly coordination: Pick<Coordination, 'newestCommit' | 'appliedAtLeast'>
  readonly clock: Clock
  readonly after: After
  /** How long to go by an answer of etcd, and to wait for one: as long as a lease lives. */
  readonly timing: Pick<Timing, 'fenceMs' | 'leaseSeconds'>
}

/**
 * One linearizable read serves all who began to wait before it was sent. Whoever comes while one is under way waits for
 * the next: it may have been sent before a commit that was confirmed since. When it took long, or this process stood still,
 * another one is sent.
 */
export function createFence({ coordination, clock, after, timing }: FenceNeeds): Fence {
  const limitMs = timing.leaseSeconds * 1000
  let underWay: Promise<unknown> = Promise.resolve()
  let next: Promise<void> | undefined
  const read = async (before: Promise<unknown>): Promise<void> => {
    await before.catch(() => undefined)
    next = undefined
    const begunAt = clock()
    for (;;) {
      const askedAt = clock()
      const newest = coordination.newestCommit()
      underWay = newest
      await coordination.appliedAtLeast(await newest)
      const now = clock()
      if (now - askedAt < timing.fenceMs) return
      if (now - begunAt >= limitMs) throw new HsmError('not-serving')
    }
  }
  return () => {
    next ??= within(limitMs, after, read(underWay))
    return next
  }
}

function within(ms: number, after: After, passing: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause?: unknown) => reject(new HsmError('not-serving', undefined, { cause }))
    const cancel = after(ms, refuse)
    passing.then(resolve, refuse).finally(cancel)
  })
}
