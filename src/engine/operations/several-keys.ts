/**
 * A change of several keys in one transaction: each is decided separately, and what is allowed is committed together.
 */
import { ERRORS, type ErrorCode } from '../../contract/errors.ts'
import type { Checked } from '../../contract/operations.ts'
import type { KeyOutcome } from '../../contract/several-keys.ts'
import type { KeyRecord, Write } from '../../model/records.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import type { Facts } from '../pipeline/facts.ts'
import { change, type Handler } from '../pipeline/pipeline.ts'
import { selectAmong } from '../pipeline/search.ts'

type Many = 'key.share-many' | 'key.unshare-many' | 'key.delete-many'

type Rules<K extends Many> = {
  /** Whether there is anything to decide on; what it refuses is refused for all keys. */
  readonly all?: (facts: Facts<K>, request: Checked<K>) => Decision<unknown>
  /** The rule of the operation that does it to one key. */
  readonly each: (facts: Facts<K> & { readonly key: KeyRecord }, request: Checked<K>) => Decision<unknown>
}

/** Also without any key: that none is left may be the work of the same request before. */
export const changeSeveral = <K extends Many>(rules: Rules<K>): Handler<K> =>
  change<K, readonly KeyOutcome[]>({
    may: (facts, request) => decideOnEach(rules, facts, request),
    refused,
    reply: (_at, outcomes) => ({ outcomes: [...outcomes] }),
  })

function decideOnEach<K extends Many>(
  { all, each }: Rules<K>,
  facts: Facts<K>,
  request: Checked<K>,
): Decision<readonly KeyOutcome[]> {
  const sound = all?.(facts, request) ?? allow(undefined)
  if (!sound.allow) return sound
  const selected = selectAmong(facts.view, facts.call, request, request.keys)
  if (!selected.allow) return selected
  const writes: Write[] = []
  const outcomes = [...new Set(request.keys)].map((reference): KeyOutcome => {
    const key = selected.result.get(reference)
    if (!key) return { 'key-reference': reference, outcome: 'not-selected' }
    const decision = each({ ...facts, key }, request)
    if (!decision.allow) return refusal(reference, decision.code, decision.why)
    writes.push(...decision.writes)
    return { 'key-reference': reference, outcome: 'done' }
  })
  return allow(outcomes, ...writes)
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
