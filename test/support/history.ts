/** Histories of rights and uses as clients saw them, and the check of guarantee G on them. */

/** Times are ticks of one counter: every start and every end has its own. */
export type Event = {
  readonly kind: 'grant' | 'revoke' | 'use'
  readonly start: number
  readonly end: number
  readonly ok: boolean
}

export type Violation = { readonly use: Event; readonly revoke: Event }

/**
 * Successful uses that must not have been: after a confirmed revocation, with no grant that could have allowed them
 * again.
 *
 * @param deliveredInOrder results reach the recorder in the order in which the HSM released them, as they do in one
 *   process. Then a use that was under way must not deliver after the revocation was confirmed. Over a network it may
 *   have been released before and arrived later, so only a use that was begun after counts.
 */
export function violations(
  events: readonly Event[],
  { deliveredInOrder }: { deliveredInOrder: boolean },
): readonly Violation[] {
  const confirmed = events.filter(({ kind, ok }) => kind === 'revoke' && ok)
  // What became of a grant that failed is not known, and it may still come to pass at any time.
  const grants = events
    .filter(({ kind }) => kind === 'grant')
    .map(({ start, end, ok }) => ({ start, end: ok ? end : Number.POSITIVE_INFINITY }))
  return events
    .filter(({ kind, ok }) => kind === 'use' && ok)
    .flatMap((use) => {
      const at = deliveredInOrder ? use.end : use.start
      // A grant that ended after the revocation began may have come after it.
      const granted = (revoke: Event) =>
        grants.some(({ start, end }) => end > revoke.start && start < use.end)
      const revoke = confirmed.findLast((confirmed) => confirmed.end < at && !granted(confirmed))
      return revoke ? [{ use, revoke }] : []
    })
}

/** Records what is done through it. A refused use is part of the history; a refused grant or revocation throws. */
export function createRecorder() {
  const events: Event[] = []
  let ticks = 0
  const record = async (kind: Event['kind'], act: () => Promise<unknown>): Promise<void> => {
    const start = ++ticks
    let error: unknown
    const ok = await act().then(
      () => true,
      (thrown: unknown) => {
        error = thrown
        return false
      },
    )
    events.push({ kind, start, end: ++ticks, ok })
    if (!ok && kind !== 'use') throw error
  }
  return {
    /** In the order of their ends. */
    events: events as readonly Event[],
    grant: (act: () => Promise<unknown>) => record('grant', act),
    revoke: (act: () => Promise<unknown>) => record('revoke', act),
    use: (act: () => Promise<unknown>) => record('use', act),
    successes: () => events.filter(({ kind, ok }) => kind === 'use' && ok).length,
    refusals: () => events.filter(({ kind, ok }) => kind === 'use' && !ok).length,
  }
}
