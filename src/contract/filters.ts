import * as v from 'valibot'
import { attributeKind, KEY_CLASSES, KEY_TYPES, normalBytes, parseFlag } from './attributes.ts'
import { HsmError } from './errors.ts'
import { labelGlob } from './label-glob.ts'
import { LIMITS } from './limits.ts'
import { CURVE_NAMES, type CurveName } from './mechanisms.ts'
import { shown } from './shown.ts'
import { username } from './users.ts'

const term = v.pipe(
  v.string(),
  v.maxLength(
    LIMITS.filterTermLength,
    `filter: a term must be at most ${LIMITS.filterTermLength} characters`,
  ),
)
const mostTerms = v.maxLength<string[], number, string>(
  LIMITS.filterTerms,
  `filter: at most ${LIMITS.filterTerms} terms`,
)

/** A filter as it travels: the words after `--filter`, all of which must hold. Without any, every key is meant. */
const anyKeys = v.pipe(v.array(term), mostTerms)

/** A term with nothing behind its `=`, as a script writes it when a variable of it is not set. */
const isOpen = (word: string): boolean => /^[^=]*=$/.test(word)

const noneOpen = (field: string) =>
  v.check<string[], (issue: v.CheckIssue<string[]>) => string>(
    (words) => !words.some(isOpen),
    ({ input }) =>
      `${field}: ${shown(input.find(isOpen) ?? '')} has no value; keys without one are named by their key-reference`,
  )

/** The same where something is done with the keys: nothing is selected by what was left out. */
export const keyFilter = (field: string) =>
  v.pipe(
    v.array(term),
    mostTerms,
    v.minLength(
      1,
      `${field} is empty: name the key, for example with key-reference=0xabc or attr.label=NAME`,
    ),
    noneOpen(field),
  )

/** What several keys are selected by; all of it must hold. Holders are users who exist. */
export const criteria = {
  filter: anyKeys,
  'label-glob': v.optional(labelGlob),
  owner: v.optional(username),
  'shared-with': v.optional(username),
}
export type Criteria = v.InferOutput<v.StrictObjectSchema<typeof criteria, undefined>>

/** The same for keys that are named by their references: the filter may be left empty, not written with a gap. */
export const narrowing = { ...criteria, filter: v.pipe(anyKeys, noneOpen('filter')) }

/** One equality. The value is in the form that a key's attribute has. */
export type FilterTerm =
  | { readonly name: 'key-reference'; readonly value: string }
  | { readonly name: string; readonly value: string | boolean | number }
export type Filter = readonly FilterTerm[]

/**
 * `key-reference=0xabc` and `attr.NAME=VALUE` as typed terms.
 * Throws `invalid-filter` naming the first word that is neither.
 */
export function parseFilter(words: readonly string[]): Filter {
  return words.map((word) => {
    const term = parseTerm(word)
    if (!term) throw new HsmError('invalid-filter', `Invalid filter: ${shown(word)}`)
    return term
  })
}

function parseTerm(word: string): FilterTerm | undefined {
  const at = word.indexOf('=')
  if (at < 0) return undefined
  const [name, text] = [word.slice(0, at), word.slice(at + 1)]
  if (name === 'key-reference') {
    const value = parseReference(text)
    return value === undefined ? undefined : { name, value }
  }
  if (!name.startsWith('attr.')) return undefined
  const value = parseValue(name.slice('attr.'.length), text)
  return value === undefined ? undefined : { name: name.slice('attr.'.length), value }
}

/** A key reference in `0x` hex of any length or in decimal, as `0x` and 16 lower-case hex digits. */
export function parseReference(text: string): string | undefined {
  if (!/^(0x[0-9a-f]{1,32}|[0-9]{1,20})$/i.test(text)) return undefined
  const value = BigInt(text.toLowerCase())
  return value >= 1n << 64n ? undefined : `0x${value.toString(16).padStart(16, '0')}`
}

function parseValue(name: string, text: string): string | boolean | number | undefined {
  switch (attributeKind(name)) {
    case 'flag':
      return parseFlag(text)
    case 'bytes':
      return normalBytes(text)
    case 'count':
      return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined
    case 'class':
      return KEY_CLASSES.find((known) => known === text)
    case 'key-type':
      return KEY_TYPES.find((known) => known === text)
    case 'curve':
      return Object.hasOwn(CURVE_NAMES, text) ? CURVE_NAMES[text as CurveName] : undefined
    case 'text':
      return text
    default:
      return undefined
  }
}
