/** Since when commits have been known here. A commit was made before it was known. */
import type { Change } from '../store/store.ts'
import type { Clock } from './timing.ts'

export interface CommitAges {
  /** To be called with every commit, in the stretch of code in which it is applied. */
  note(changes: readonly Pick<Change, 'revision'>[]): void
  /** When a commit of this revision was known here at the latest, on the clock; of one that is not noted yet: now. */
  knownSince(revision: number): number
}

/**
 * @param begun the revision that is applied already
 * @param keptMs ages above this are told apart from younger ones only
 */
export function createCommitAges(clock: Clock, begun: number, keptMs: number): CommitAges {
  let known: { readonly revision: number; readonly at: number }[] = [{ revision: begun, at: clock() }]

  return {
    note(changes) {
      const revision = changes.at(-1)?.revision
      if (revision === undefined) return
      const at = clock()
      const old = known.findLastIndex((one) => one.at <= at - keptMs)
      // The newest of the old ones speaks for all before it.
      if (old > 0) known = known.slice(old)
      known.push({ revision, at })
    },
    knownSince: (revision) => known.find((one) => one.revision >= revision)?.at ?? clock(),
  }
}
