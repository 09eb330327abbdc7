/** From the template of a search to the filter of `key.list`. */
import { KEY_CLASSES } from '../../contract/attributes.ts'
import { LIMITS } from '../../contract/limits.ts'
import { fromUtf8 } from '../../contract/text.ts'
import { CKA } from '../cryptoki/objects.ts'
import { curveOf } from './curves.ts'
import { CLASS_OF, kindOfType, termOf } from './key-types.ts'
import type { Template } from './template.ts'
import type { Value } from './value.ts'

export type Search = {
  readonly filter: readonly string[]
  /** The filter says all that the template says. */
  readonly exact: boolean
}

/** A term of the filter; undefined when no key can match, or `none` when the filter cannot say it. */
type Term = { readonly word: string; readonly exact: boolean } | 'none' | undefined

const text = (name: string, value: Value): Term => {
  const words = Buffer.isBuffer(value) ? fromUtf8(value) : undefined
  return words === undefined ? undefined : fitting(`attr.${name}=${words}`, true)
}

const hex = (name: string, value: Value): Term =>
  Buffer.isBuffer(value) ? fitting(`attr.${name}=0x${value.toString('hex')}`, true) : undefined

/** What is longer than a term of a filter is left to the adapter. */
const fitting = (word: string, exact: boolean): Term =>
  word.length <= LIMITS.filterTermLength ? { word, exact } : 'none'

const className = (value: Value): Term => {
  const name = KEY_CLASSES.find((known) => CLASS_OF[known] === value)
  return name && { word: `attr.class=${name}`, exact: true }
}

/** Keys on Edwards curves have a type of their own in PKCS#11 only. */
const keyType = (value: Value): Term => {
  const kind = kindOfType(value)
  return kind && { word: termOf(kind), exact: kind !== 'ec' }
}

const curve = (value: Value): Term => {
  const name = Buffer.isBuffer(value) ? curveOf(value) : undefined
  return name && { word: `attr.curve=${name}`, exact: true }
}

const token = (value: Value): Term =>
  typeof value === 'boolean' ? { word: `attr.token=${value}`, exact: true } : undefined

/** The rest is left to the adapter: its attributes differ by class, or are not the HSM's. */
const TERMS: Readonly<Record<number, (value: Value) => Term>> = {
  [CKA.CLASS]: className,
  [CKA.KEY_TYPE]: keyType,
  [CKA.LABEL]: (value) => text('label', value),
  [CKA.ID]: (value) => hex('id', value),
  [CKA.TOKEN]: token,
  [CKA.MODULUS]: (value) => hex('modulus', value),
  [CKA.EC_PARAMS]: curve,
  [CKA.EC_POINT]: (value) => hex('ec-point', value),
}

/** Undefined when no key can match. */
export function searchOf(template: Template): Search | undefined {
  const filter: string[] = []
  let exact = true
  for (const [type, value] of template) {
    const termOf = TERMS[type] ?? (() => 'none' as const)
    const term = value instanceof Map ? undefined : termOf(value as Value)
    if (term === undefined) return undefined
    if (term === 'none') exact = false
    else {
      filter.push(term.word)
      exact &&= term.exact
    }
  }
  return { filter, exact }
}
