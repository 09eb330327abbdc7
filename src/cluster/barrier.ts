/**
 * Guarantee G: a change that takes rights back is confirmed only when no use under the old right can still deliver a
 * result, here or on any other HSM. Every committed change passes through here, whoever made it.
 */
import type { Revocation } from '../model/revocation.ts'
import type { Change, Store } from '../store/store.ts'
import { NO_OTHERS, type Others } from './cluster.ts'
import type { Uses } from './uses.ts'

export interface Barrier {
  /** Resolves when every use on this HSM that a commit up to `revision` has ended is over. */
  settled(revision: number): Promise<void>
  /**
   * Resolves when a commit that was just made is in effect on every HSM: nothing it ended goes on, and what it allows
   * is possible.
   *
   * @param unchanged the commit changed no right: all was as wanted, or what was wanted is refused for what is no more.
   *   Whoever made it so may not be confirmed yet
   * @throws HsmError `unconfirmed`
   */
  confirm(revision: number, unchanged?: boolean): Promise<void>
  /** Resolves when every commit that this HSM has applied, and that ended rights, is in effect. @throws as `confirm` does */
  confirmAll(): Promise<void>
}

const EVERYTHING: readonly Revocation[] = [{}]

/** Commits that are remembered to have ended rights; of older ones it is assumed. */
const REMEMBERED = 1024

/**
 * @param revocationsOf which rights end when a record changes from one to the other; `policy/` says so
 * @param others left out, this HSM is a cluster by itself
 */
export function createBarrier(
  store: Pick<Store, 'subscribe'>,
  uses: Pick<Uses, 'revoke'>,
  revocationsOf: (before: Change['before'], after: Change['after']) => readonly Revocation[],
  others: Others = NO_OTHERS,
): Barrier {
  /** Drains under way, by the revision that began them. */
  const draining = new Map<number, Promise<void>>()
  /** Revisions of commits that ended rights, oldest first. */
  const ending = new Set<number>()
  /** Commits up to this one were applied as one change, of the newest revision. Which of them ended rights is not known. */
  let unseenUpTo = 0

  function drain(revision: number, over: Promise<void>): void {
    const drained = Promise.all([draining.get(revision), over]).then(() => {
      if (draining.get(revision) === drained) draining.delete(revision)
    })
    draining.set(revision, drained)
  }

  store.subscribe((changes) => {
    for (const { revision, before, after } of changes) {
      const revocations = revocationsOf(before, after)
      if (revocations.length === 0) continue
      remember(ending, revision)
      drain(revision, uses.revoke(revocations))
    }
    const [first] = changes
    if (!first || others.seen()) return
    // Whatever rights came and went meanwhile left no trace in the difference.
    unseenUpTo = first.revision
    remember(ending, first.revision)
    drain(first.revision, uses.revoke(EVERYTHING, 'not-serving'))
  })

  async function settled(revision: number): Promise<void> {
    await Promise.all([...draining].filter(([begun]) => begun <= revision).map(([, drained]) => drained))
    await handedOut()
  }

  function elsewhere(revision: number, unchanged: boolean): Promise<unknown> {
    const [oldest = 0] = ending
    const isForgotten = ending.size === REMEMBERED && revision < oldest
    if (ending.has(revision) || revision <= unseenUpTo || isForgotten) return others.inEffect(revision)
    if (!unchanged) return others.applied(revision)
    return others.inEffect([...ending].findLast((ended) => ended <= revision) ?? 0)
  }

  async function confirm(revision: number, unchanged = false): Promise<void> {
    await Promise.all([settled(revision), elsewhere(revision, unchanged)])
  }

  return { settled, confirm, confirmAll: () => confirm(Number.MAX_SAFE_INTEGER, true) }
}

function remember(ending: Set<number>, revision: number): void {
  ending.add(revision)
  const [oldest] = ending
  if (ending.size > REMEMBERED && oldest !== undefined) ending.delete(oldest)
}

/**
 * A use that ended before its right was taken back may still have its result in a promise on the way to whoever asked.
 * One turn of the event loop later every such promise has been followed to its end.
 */
const handedOut = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
