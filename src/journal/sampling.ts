/**
 * Of uses that are alike, the first in a while and then how many more there were: who used which key with what is complete, the time of
 * each use is not. Refusals cost whoever makes them nothing, not even a key: those of one user, operation and code are alike, whatever
 * they name, and a few of them are told one by one.
 */
import { LIMITS } from '../contract/limits.ts'
import type { AuditEvent } from '../model/audit.ts'

export interface Sampler {
  /** What is to be written down now: the event, if it is the first of its kind, and counts that have to make room for it. */
  note(event: AuditEvent): readonly AuditEvent[]
  /** The counts of what is over. */
  due(): readonly AuditEvent[]
  /** The counts of everything. */
  all(): readonly AuditEvent[]
}

/** `written` one by one; `count`: the others so far. */
type Kind = { readonly until: number; written: number; last: AuditEvent; count: number }

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
  /** The counts that make room for a kind, which has none or is over. */
  const making = (kind: Kind | undefined): readonly AuditEvent[] => {
    if (kind) return kind.count > 0 ? [countOf(kind)] : []
    return kinds.size >= KINDS ? take(() => true) : []
  }
  return {
    note(event) {
      const name = kindOf(event)
      const kind = kinds.get(name)
      if (!kind || isOver(kind)) {
        const before = making(kind)
        kinds.set(name, { until: monotonic() + PERIOD_MS, written: 1, last: event, count: 0 })
        return [...before, event]
      }
      if (kind.written < oneByOne(event)) {
        kind.written += 1
        return [event]
      }
      kind.last = event
      kind.count += event.count ?? 1
      return []
    },
    due: () => take(isOver),
    all: () => take(() => true),
  }
}

const countOf = ({ last, count }: Kind): AuditEvent => ({ ...last, count })

const isRefused = ({ outcome }: AuditEvent): boolean => outcome !== 'ok'

const oneByOne = (event: AuditEvent): number => (isRefused(event) ? LIMITS.refusalsAudited : 1)

function kindOf(event: AuditEvent): string {
  const { actor, operation, outcome, subjects, mechanism, session } = event
  const same = [actor, operation, outcome]
  return (isRefused(event) ? same : [...same, session, mechanism, ...subjects]).join('\n')
}
