/**
 * Guarantee G: a change that takes rights back is confirmed only when no use under the old right can still deliver a
 * result. Every committed change passes through here, whoever made it.
 */
import type { Revocation } from '../model/revocation.ts'
import type { Change, Store } from '../store/store.ts'
import type { Uses } from './uses.ts'

export interface Barrier {
  /** Resolves when every use that a commit up to `revision` has ended is over. */
  confirm(revision: number): Promise<void>
}

export function createBarrier(
  store: Store,
  uses: Uses,
  revocationsOf: (before: Change['before'], after: Change['after']) => readonly Revocation[],
): Barrier {
  /** Drains under way, by the revision that began them. */
  const draining = new Map<number, Promise<void>>()
  store.subscribe((changes) => {
    for (const { revision, before, after } of changes) {
      const revocations = revocationsOf(before, after)
      if (revocations.length === 0) continue
      const drained = Promise.all([draining.get(revision), uses.revoke(revocations)]).then(() => {
        if (draining.get(revision) === drained) draining.delete(revision)
      })
      draining.set(revision, drained)
    }
  })
  return {
    async confirm(revision) {
      await Promise.all([...draining].filter(([begun]) => begun <= revision).map(([, drained]) => drained))
      await handedOut()
    },
  }
}

/**
 * A use that ended before its right was taken back may still have its result in a promise on the way to whoever asked.
 * One turn of the event loop later every such promise has been followed to its end.
 */
const handedOut = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
