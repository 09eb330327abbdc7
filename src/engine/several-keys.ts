/** A change of several keys in one transaction: each is decided on by itself, and what is allowed is done together. */
import { ERRORS, type ErrorCode } from '../contract/errors.ts'
import type { Checked, OperationName } from '../contract/operations.ts'
import type { KeyOutcome } from '../contract/several-keys.ts'
import type { KeyRecord, Write } from '../model/records.ts'
import { allow, type Decision } from '../policy/decision.ts'
import { change, type Facts, type Handler, read } from './pipelines.ts'
import { selectAmong } from './selection.ts'

type Many = 'key.share-many' | 'key.unshare-many' | 'key.delete-many'

type Rules<K extends Many> = {
  /** By which the audit log knows what is done to one key. */
  readonly loggedAs: OperationName
  /** Whether there is anything to decide on; what it refuses is refused for all keys. */
  readonly all?: (facts: Facts, request: Checked<K>) => Decision<void>
  readonly each: (facts: Facts, key: KeyRecord, request: Checked<K>) => Decision<unknown>
  readonly subjects?: (request: Checked<K>) => readonly string[]
}

/** A trial run asks the same rules and leaves no trace. */
export function changeSeveral<K extends Many>(
  operation: K,
  { loggedAs, all, each, subjects }: Rules<K>,
): Handler<K> {
  const decide = (facts: Facts, request: Checked<K>): Decision<readonly KeyOutcome[]> => {
    const sound = all?.(facts, request) ?? allow(undefined)
    if (!sound.allow) return sound
    const selected = selectAmong(facts.view, facts.call, request, request.keys)
    if (!selected.allow) return selected
    const writes: Write[] = []
    const outcomes = [...new Set(request.keys)].map((reference): KeyOutcome => {
      const key = selected.result.get(reference)
      if (!key) return { 'key-reference': reference, outcome: 'not-selected' }
      const decision = each(facts, key, request)
      if (!decision.allow) return refusal(reference, decision.code, decision.why)
      writes.push(...decision.writes)
      return { 'key-reference': reference, outcome: 'done' }
    })
    return allow(outcomes, ...writes)
  }
  const commit = change<K, undefined, readonly KeyOutcome[]>(operation, {
    loggedAs,
    decide,
    subjects: (request) => subjects?.(request) ?? [],
    refused,
    reply: (_parts, _call, outcomes) => ({ outcomes: [...outcomes] }),
  })
  const trial = read<K>((facts, request) => {
    const decision = decide(facts, request)
    return decision.allow ? allow({ outcomes: [...decision.result] }) : decision
  })
  // Also without any key: that none is left may be the work of the same request before.
  return (parts, call, request) => (request['dry-run'] ? trial : commit)(parts, call, request)
}

const refusal = (reference: string, code: ErrorCode, why: string = ERRORS[code].text): KeyOutcome => ({
  'key-reference': reference,
  outcome: 'refused',
  code,
  reason: why,
})

/** The refusals by their codes. */
function refused(outcomes: readonly KeyOutcome[]) {
  const codes = new Map<ErrorCode, string[]>()
  for (const outcome of outcomes) {
    if (outcome.outcome !== 'refused') continue
    const subjects = codes.get(outcome.code) ?? []
    codes.set(outcome.code, subjects)
    subjects.push(`key/${outcome['key-reference']}`)
  }
  return [...codes].map(([code, subjects]) => ({ code, subjects }))
}
