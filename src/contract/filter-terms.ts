/** Words of a filter as typed terms, or the reason why one is none. */

import { CURVE_NAMES, type CurveName } from './algorithms.ts'
import {
  ATTRIBUTE_NAMES,
  attributeKind,
  KEY_CLASSES,
  KEY_TYPES,
  normalBytes,
  parseFlag,
} from './attributes.ts'
import { HsmError } from './errors.ts'
import { shown } from './shown.ts'
import { didYouMean } from './similar.ts'

/** One equality. The value is in the form that a key's attribute has. */
export type FilterTerm =
  | { readonly name: 'key-reference'; readonly value: string }
  | { readonly name: string; readonly value: string | boolean | number }
export type Filter = readonly FilterTerm[]

/** What keys are selected by: the reference of one, or terms that must all hold; none mean every key. */
export type Selector = { readonly reference: string } | { readonly terms: Filter }

/** What is wrong with a term, as the end of a sentence. */
type Wrong = { readonly wrong: string }
type Value = { readonly value: string | boolean | number }

/**
 * `key-reference=0xabc` and `attr.NAME=VALUE` as typed terms.
 * Throws `invalid-filter` naming the first word that is neither, and what is wrong with it.
 */
export function parseFilter(words: readonly string[]): Filter {
  return words.map((word) => {
    if (word === '') throw new HsmError('invalid-filter', 'Invalid filter: a term is empty')
    const term = parseTerm(word)
    if ('wrong' in term) throw new HsmError('invalid-filter', `Invalid filter: ${shown(word)}: ${term.wrong}`)
    return term
  })
}

/** The same as a selector: a filter that is nothing but a reference names its key. Throws `invalid-filter`. */
export function parseSelector(words: readonly string[]): Selector {
  const terms = parseFilter(words)
  const [first] = terms
  return terms.length === 1 && first?.name === 'key-reference'
    ? { reference: String(first.value) }
    : { terms }
}

const FORMS = 'terms are key-reference=0xabc or attr.NAME=VALUE, with spaces between them'

function parseTerm(word: string): FilterTerm | Wrong {
  const at = word.indexOf('=')
  if (/^[[{]/.test(word)) return { wrong: `it looks like JSON; ${FORMS}` }
  if (at < 0) return { wrong: `it has no =; ${FORMS}` }
  const [name, text] = [word.slice(0, at), word.slice(at + 1)]
  if (name === 'key-reference') {
    const value = parseReference(text)
    if (value !== undefined) return { name, value }
    return wrongValue(text, 'a key reference is 0x and up to 16 hexadecimal digits, or a decimal number')
  }
  if (!name.startsWith('attr.')) return { wrong: noName(name) }
  const attribute = name.slice('attr.'.length)
  const value = parseValue(attribute, text)
  return 'wrong' in value ? value : { name: attribute, ...value }
}

/** @param name of a term, without `attr.` */
function noName(name: string): string {
  const meant = name.toLowerCase()
  if (attributeKind(meant) !== undefined)
    return `names of attributes begin with attr.; did you mean attr.${meant}?`
  const names = ['key-reference', ...ATTRIBUTE_NAMES.map((known) => `attr.${known}`)]
  return `no term has such a name${didYouMean(name, names) || `; ${FORMS}`}`
}

/** A key reference in `0x` hex of any length or in decimal, as `0x` and 16 lower-case hex digits. */
export function parseReference(text: string): string | undefined {
  if (!/^(0x[0-9a-f]{1,32}|[0-9]{1,20})$/i.test(text)) return undefined
  const value = BigInt(text.toLowerCase())
  return value >= 1n << 64n ? undefined : `0x${value.toString(16).padStart(16, '0')}`
}

function parseValue(name: string, text: string): Value | Wrong {
  switch (attributeKind(name)) {
    case 'flag':
      return valued(parseFlag(text)) ?? wrongValue(text, 'the value must be true or false')
    case 'bytes':
      return valued(normalBytes(text)) ?? wrongValue(text, 'the value must be bytes in hex, such as 0x2f01')
    case 'count':
      return /^[0-9]{1,9}$/.test(text)
        ? { value: Number(text) }
        : wrongValue(text, 'the value must be a whole number')
    case 'class':
      return among(KEY_CLASSES, text)
    case 'key-type':
      return among(KEY_TYPES, text)
    case 'curve': {
      const known = among(Object.keys(CURVE_NAMES), text)
      return 'wrong' in known ? known : { value: CURVE_NAMES[text as CurveName] }
    }
    case 'text':
      return { value: text }
    case 'template':
      return { wrong: `keys are not selected by ${name}` }
    case undefined:
      return { wrong: `there is no attribute ${shown(name)}${didYouMean(name, SELECTING, 'attr.')}` }
  }
}

const SELECTING = ATTRIBUTE_NAMES.filter((name) => attributeKind(name) !== 'template')

const valued = <T extends string | boolean>(value: T | undefined) =>
  value === undefined ? undefined : { value }

function among(names: readonly string[], text: string): Value | Wrong {
  if (names.includes(text)) return { value: text }
  return wrongValue(text, `the value must be ${listed(names)}`, didYouMean(text, names))
}

/** Terms are often written as a list, which is one term with commas in it. */
const wrongValue = (text: string, rule: string, hint = ''): Wrong => ({
  wrong: `${rule}${text.includes(',') ? '; terms are separated by spaces, without commas' : hint}`,
})

const listed = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
