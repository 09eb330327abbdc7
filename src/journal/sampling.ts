/**
 * Of uses that are alike, the first in a while and then how many more there were: who used which key with what is complete, the time of
 * each use is not.
 */
import type { AuditEvent } from '../model/audit.ts'

export interface Sampler {
  /** What is to be written down now: the event, if it is the first of its kind, and counts that have to make room for it. */
  note(event: AuditEvent): readonly AuditEvent[]
  /** The counts of what is over. */
  due(): readonly AuditEvent[]
  /** The counts of everything. */
  all(): readonly AuditEvent[]
}

type Kind = { readonly until: number; last: AuditEvent; count: number }

const PERIOD_MS = 60_000
/** Kinds that are told apart. */
const KINDS = 16_384

/** @param monotonic milliseconds on a clock that never steps */
export function createSampler(monotonic: () => number): Sampler {
  const kinds = new Map<string, Kind>()
  const take = (over: (kind: Kind) => boolean): readonly AuditEvent[] =>
    [...kinds].flatMap(([name, kind]) => {
      if (!over(kind)) return []
      kinds.delete(name)
      return kind.count > 0 ? [{ ...kind.last, count: kind.count }] : []
    })
  const isOver = ({ until }: Kind) => until <= monotonic()
  return {
    note(event) {
      const name = kindOf(event)
      const kind = kinds.get(name)
      if (kind && !isOver(kind)) {
        kind.last = event
        kind.count += event.count ?? 1
        return []
      }
      const before =
        kinds.size >= KINDS && !kind ? take(() => true) : kind && kind.count > 0 ? [countOf(kind)] : []
      kinds.set(name, { until: monotonic() + PERIOD_MS, last: event, count: 0 })
      return [...before, event]
    },
    due: () => take(isOver),
    all: () => take(() => true),
  }
}

const countOf = ({ last, count }: Kind): AuditEvent => ({ ...last, count })

const kindOf = ({ actor, operation, outcome, subjects, mechanism, session }: AuditEvent): string =>
  [session, actor, operation, outcome, mechanism, ...subjects].join('\n')
