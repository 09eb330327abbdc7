/**
 * Many events of few sources, of which so many are written down as somebody can read: the first ones of a period, the first
 * of each kind, and at its end the last of each kind with the number of those between that were left out.
 */

export type Throttle<E> = {
  /** @returns whether it is to be written down now; otherwise it is kept or counted */
  note(source: string, kind: string, event: E): boolean
  /** What is still to be said of periods that are over, which are forgotten with that. */
  due(): readonly LeftOut<E>[]
  /** What is still to be said of a source, or of all, before their periods are over. */
  soFar(source?: string): readonly LeftOut<E>[]
  /** Whether anything is still to be said. */
  isPending(): boolean
}

/** The last event of a kind, and how many before it were left out. */
export type LeftOut<E> = { readonly last: E; readonly leftOut: number }

export type ThrottleNeeds = {
  /** How long a period is, from its first event. */
  readonly periodMs: number
  /** Events of a source that are written down in a period, whatever they are. */
  readonly written: number
  /** Kinds that are told apart in a period; further ones count as one. */
  readonly kinds: number
  /** Sources that are told apart; further ones count as one. */
  readonly sources: number
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
}

type Kept<E> = { last: E; count: number }
type Period<E> = { readonly until: number; written: number; readonly kinds: Map<string, Kept<E> | undefined> }

const OTHERS = ''

/** Events of a source are written down as the limits allow, the others are counted. */
export function createThrottle<E>(needs: ThrottleNeeds): Throttle<E> {
  const { periodMs, monotonic } = needs
  const periods = new Map<string, Period<E>>()
  /** Of periods that were forgotten, because their time was over, when a new one began. */
  const over: LeftOut<E>[] = []

  /** The period goes on with nothing left to say. */
  const tell = (source: string): readonly LeftOut<E>[] => {
    const { kinds } = periods.get(source) ?? { kinds: new Map<string, Kept<E> | undefined>() }
    return [...kinds].flatMap(([kind, kept]) => {
      kinds.set(kind, undefined)
      return kept ? { last: kept.last, leftOut: kept.count - 1 } : []
    })
  }
  const close = (source: string): readonly LeftOut<E>[] => {
    const told = tell(source)
    periods.delete(source)
    return told
  }
  const periodOf = (source: string): Period<E> => {
    const known = periods.has(source) || periods.size < needs.sources ? source : OTHERS
    const period = periods.get(known)
    if (period && period.until > monotonic()) return period
    over.push(...close(known))
    const begun: Period<E> = { until: monotonic() + periodMs, written: 0, kinds: new Map() }
    periods.set(known, begun)
    return begun
  }
  return {
    note(source, kind, event) {
      const period = periodOf(source)
      const known = period.kinds.has(kind) || period.kinds.size < needs.kinds ? kind : OTHERS
      const isFirst = !period.kinds.has(known)
      if (isFirst || period.written < needs.written) {
        period.written += 1
        if (isFirst) period.kinds.set(known, undefined)
        return true
      }
      const kept = period.kinds.get(known)
      period.kinds.set(known, { last: event, count: (kept?.count ?? 0) + 1 })
      return false
    },
    due() {
      const ended = [...periods].filter(([, { until }]) => until <= monotonic())
      return [...over.splice(0), ...ended.flatMap(([source]) => close(source))]
    },
    soFar(source) {
      const sources = source === undefined ? [...periods.keys()] : [source]
      return [...over.splice(0), ...sources.flatMap(tell)]
    },
    isPending: () =>
      over.length > 0 ||
      periods.values().some(({ kinds }) => kinds.values().some((one) => one !== undefined)),
  }
}
