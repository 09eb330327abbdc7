/** The read fence: a wait after which this HSM has every commit that was confirmed before the wait began. */
import { HsmError } from '../contract/errors.ts'
import type { Coordination } from '../store/store.ts'
import type { After } from './timing.ts'

/** @throws HsmError `not-serving` */
export type Fence = () => Promise<void>

export type FenceNeeds = {
  readonly coordination: Pick<Coordination, 'newestCommit' | 'appliedAtLeast'>
  readonly after: After
  /** How long to wait for etcd and the watch. */
  readonly limitMs: number
}

/**
 * One linearizable read serves all who began to wait before it was sent. Whoever comes while one is under way waits for
 * the next: it may have been sent before a commit that was confirmed since.
 */
export function createFence({ coordination, after, limitMs }: FenceNeeds): Fence {
  let underWay: Promise<unknown> = Promise.resolve()
  let next: Promise<void> | undefined
  const read = async (before: Promise<unknown>): Promise<void> => {
    await before.catch(() => undefined)
    next = undefined
    const newest = coordination.newestCommit()
    underWay = newest
    await coordination.appliedAtLeast(await newest)
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
