import * as v from 'valibot'
import { boundedArray } from './bounded.ts'
import { parseFilter, parseSelector } from './filter-terms.ts'
import { labelGlob } from './label-glob.ts'
import { LIMITS } from './limits.ts'
import { UNSURE, withQuickCheck } from './quick-check.ts'
import { shown } from './shown.ts'
import { NO_TEXT } from './text.ts'
import { username } from './users.ts'

const term = v.pipe(
  v.string(),
  v.maxLength(
    LIMITS.filterTermLength,
    `filter: a term must be at most ${LIMITS.filterTermLength} characters`,
  ),
  // Before it is parsed: the refusal names the word, not a part of it.
  v.check((word) => word.isWellFormed(), NO_TEXT),
)

/** A filter as it travels: the words after `--filter`, all of which must hold. Without any, every key is meant. */
const words = boundedArray(term, LIMITS.filterTerms, `filter: at most ${LIMITS.filterTerms} terms`)

/** A term that is nothing, or has nothing behind its `=` or `attr.id=0x`: a script writes it so when a variable is not set. */
const isOpen = (word: string): boolean => /^([^=]*=|attr\.id=0x)?$/i.test(word)

const noneOpen = (field: string) =>
  v.check<string[], (issue: v.CheckIssue<string[]>) => string>(
    (words) => !words.some(isOpen),
    ({ input }) => `${field}: ${openTerm(input.find(isOpen) ?? '')}`,
  )

const openTerm = (word: string): string =>
  word === ''
    ? 'a term is empty'
    : `${shown(word)} has no value; keys without one are named by their key-reference`

/** Throws `invalid-filter` from within the schema, so that a malformed filter is refused before anything runs. */
const toSelector = v.transform((written: string[]) => parseSelector(written))
const anyKeys = v.pipe(words, toSelector)

/** The same where something is done with the keys: nothing is selected by what was left out. */
export const keyFilter = (field: string) =>
  withQuickCheck(
    v.pipe(
      words,
      v.minLength(
        1,
        `${field} is empty: name the key, for example with key-reference=0xabc or attr.label=NAME`,
      ),
      noneOpen(field),
      toSelector,
    ),
    byReference,
  )

/** A filter as programs write it: the one reference, as the HSM has shown it. */
const REFERENCE = /^key-reference=0x[0-9a-f]{16}$/

/** What was read last: programs mostly use the key that they have just used. */
let lastRead: { readonly written: string; readonly selector: { readonly reference: string } } | undefined

function byReference(given: unknown): unknown {
  if (!Array.isArray(given) || given.length !== 1 || typeof given[0] !== 'string') return UNSURE
  const [written] = given
  if (written === lastRead?.written) return lastRead.selector
  if (!REFERENCE.test(written)) return UNSURE
  lastRead = { written, selector: { reference: written.slice('key-reference='.length) } }
  return lastRead.selector
}

/** Terms of which none may hold. */
export const without = v.pipe(
  boundedArray(term, LIMITS.filterTerms, `without: at most ${LIMITS.filterTerms} terms`),
  v.transform((written: string[]) => parseFilter(written)),
)

/** What several keys are selected by; all of it must hold. Holders are users who exist. */
export const criteria = {
  filter: anyKeys,
  'label-glob': v.optional(labelGlob),
  owner: v.optional(username),
  'shared-with': v.optional(username),
}
type CriteriaSchema = v.StrictObjectSchema<typeof criteria, undefined>
/** As they travel. */
export type Criteria = v.InferInput<CriteriaSchema>
/** Parsed. */
export type CheckedCriteria = v.InferOutput<CriteriaSchema>

/** The same for keys that are named by their references: the filter may be left empty, not written with a gap. */
export const narrowing = { ...criteria, filter: v.pipe(words, noneOpen('filter'), toSelector) }
