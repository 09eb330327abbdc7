import * as v from 'valibot'
import { boundedArray } from './bounded.ts'
import { ERRORS, type ErrorCode } from './errors.ts'
import { parseReference } from './filter-terms.ts'
import { narrowing } from './filters.ts'
import { LIMITS } from './limits.ts'

/** `0x` and 32 digits, of which the first 16 are zeros. */
const REFERENCE_LENGTH = 34

const reference = v.pipe(
  v.string(),
  v.maxLength(REFERENCE_LENGTH, 'keys must be key references'),
  v.check((text) => parseReference(text) !== undefined, 'keys must be key references'),
  v.transform((text) => parseReference(text) ?? ''),
)

/** Keys by name. Those that do not fit the criteria, or do so no longer, are left alone. */
export const severalKeys = {
  keys: boundedArray(reference, LIMITS.keysAtOnce, `At most ${LIMITS.keysAtOnce} keys can be named at once`),
  ...narrowing,
  /** Decide, and change nothing. */
  'dry-run': v.optional(v.boolean(), false),
}

/** What became of one key, or would have. */
const outcome = v.variant('outcome', [
  v.object({ 'key-reference': v.string(), outcome: v.literal('done') }),
  /** It is not there to see, or does not fit the criteria. */
  v.object({ 'key-reference': v.string(), outcome: v.literal('not-selected') }),
  v.object({
    'key-reference': v.string(),
    outcome: v.literal('refused'),
    code: v.picklist(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    reason: v.string(),
  }),
])
export type KeyOutcome = v.InferOutput<typeof outcome>

/** In the order in which the keys were named, each once. */
export const outcomes = v.object({ outcomes: v.array(outcome) })
