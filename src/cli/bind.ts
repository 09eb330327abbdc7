/** Words after a command's name, bound to its options the way clap v4 does it. */
import { shown } from '../contract/shown.ts'
import { isWhole } from '../contract/text.ts'
import type { ArgValue, ArgValues, Option, Options } from './spec.ts'
import { argumentTip, valueTip } from './suggestions.ts'
import { groupSignature, groupsOf, signature } from './usage.ts'

export type HelpLayout = 'short' | 'long'

export type Bound =
  | { readonly kind: 'bound'; readonly args: ArgValues }
  | { readonly kind: 'help'; readonly layout: HelpLayout }
  /** `usage`: whether clap prints the usage line with this one. */
  | { readonly kind: 'problem'; readonly message: string; readonly usage: boolean }

type Problem = Extract<Bound, { kind: 'problem' }>
/** What was given for each option; a flag has no values. */
type Given = Map<string, string[]>

const HELP_WORDS: Readonly<Record<string, HelpLayout>> = { '-h': 'short', '--help': 'long' }

/** The layout that `-h` or `--help` asks for; undefined for any other word. */
export const helpLayout = (word: string): HelpLayout | undefined =>
  Object.hasOwn(HELP_WORDS, word) ? HELP_WORDS[word] : undefined

/** @param usage whether the usage line is printed too */
export const problem = (message: string, usage = true): Problem => ({ kind: 'problem', message, usage })

/** @param names of the options that could be meant */
export const unexpected = (word: string, names: readonly string[]): Problem =>
  problem(`unexpected argument '${shown(word)}' found${argumentTip(word, names)}`)

/** A word that ends the values of the option before it. A number may be negative. */
export const isOptionWord = (word: string): boolean => /^-(-|[a-z])/i.test(word)

/** `--name=value` in its two parts. */
export function splitOption(word: string): { readonly name: string; readonly inline: string | undefined } {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at < 0 ? { name: word, inline: undefined } : { name: word.slice(0, at), inline: word.slice(at + 1) }
}

/** The long name of the option a word such as `--verbose` or `-v` stands for. */
export function optionNamed(options: Options, word: string): string | undefined {
  const long = word.startsWith('--') ? word.slice(2) : undefined
  if (long !== undefined) return Object.hasOwn(options, long) && !options[long]?.positional ? long : undefined
  return Object.keys(options).find((name) => word === `-${options[name]?.short}`)
}

/** Assigns the words of one command to its options. Never throws: a problem is a result. */
export function bind(options: Options, words: readonly string[]): Bound {
  const given: Given = new Map()
  for (let at = 0; at < words.length; ) {
    const step = take(options, given, words, at)
    if (typeof step !== 'number') return step
    at += step
  }
  return (
    conflict(options, given) ?? missing(options, given) ?? { kind: 'bound', args: toArgs(options, given) }
  )
}

/** Binds the option at `at`; answers how many words that took, or why it goes no further. */
function take(options: Options, given: Given, words: readonly string[], at: number): number | Bound {
  const { name: word, inline } = splitOption(words[at] ?? '')
  const layout = helpLayout(word)
  if (layout) return { kind: 'help', layout }
  const name = optionNamed(options, word) ?? freePositional(options, given, word)
  const option = name === undefined ? undefined : options[name]
  if (name === undefined || !option) return unexpected(word, [...Object.keys(options), 'help'])
  if (option.positional) return accept(given, name, option, [words[at] ?? '']) ?? 1
  const values = followers(option, inline, words, at + 1)
  const wrong = accept(given, name, option, inline === undefined ? values : [inline, ...values])
  return wrong ?? 1 + values.length
}

/** The argument without a name that the word is, if there is one that was not given yet. */
const freePositional = (options: Options, given: Given, word: string): string | undefined =>
  isOptionWord(word)
    ? undefined
    : Object.keys(options).find((name) => options[name]?.positional && !given.has(name))

/** The words from `start` on that are values of the option. */
function followers(
  option: Option,
  inline: string | undefined,
  words: readonly string[],
  start: number,
): readonly string[] {
  const most = option.many ? words.length : option.value !== undefined && inline === undefined ? 1 : 0
  let end = start
  while (end < words.length && end - start < most && !isOptionWord(words[end] ?? '')) end += 1
  return words.slice(start, end)
}

function accept(given: Given, name: string, option: Option, values: readonly string[]): Problem | undefined {
  const earlier = given.get(name)
  const label = signature(name, option)
  if (earlier && !option.many) return problem(`the argument '${label}' cannot be used multiple times`)
  if (option.value === undefined && values.length > 0) {
    return problem(`unexpected value '${shown(values[0] ?? '')}' for '${label}' found; no more were expected`)
  }
  const isEmpty = !option.mayBeEmpty && values.includes('')
  if (option.value !== undefined && (isEmpty || (!option.maybeNone && values.length === 0))) {
    return problem(`a value is required for '${label}' but none was supplied${possible(option)}`, false)
  }
  const all = earlier ?? []
  for (const value of values) all.push(value)
  given.set(name, all)
  return values.map((value) => checkValue(label, option, value)).find((wrong) => wrong !== undefined)
}

function checkValue(label: string, option: Option, value: string): Problem | undefined {
  if (!isWhole(value)) return problem(`invalid UTF-8 was detected in the value of '${label}'`)
  const invalid = `invalid value '${shown(value)}' for '${label}'`
  if (option.choices && !Object.hasOwn(option.choices, value))
    return problem(`${invalid}${possible(option)}${valueTip(value, Object.keys(option.choices))}`, false)
  if (option.count && !/^[0-9]{1,15}$/.test(value))
    return problem(`${invalid}: expected a whole number`, false)
  return undefined
}

const possible = ({ choices }: Option): string =>
  choices ? `\n  [possible values: ${Object.keys(choices).join(', ')}]` : ''

function conflict(options: Options, given: Given): Problem | undefined {
  for (const [name, option] of Object.entries(options)) {
    const other = given.has(name) && option.conflicts?.find((other) => given.has(other))
    if (other) return contradiction(signature(name, option), signature(other, options[other] as Option))
  }
  for (const group of groupsOf(options)) {
    const [first, second] = Object.entries(options)
      .filter(([name, option]) => option.group === group && given.has(name))
      .map(([name, option]) => signature(name, option))
    if (first !== undefined && second !== undefined) return contradiction(first, second)
  }
  return undefined
}

const contradiction = (one: string, other: string): Problem =>
  problem(`the argument '${one}' cannot be used with '${other}'`)

function missing(options: Options, given: Given): Problem | undefined {
  const single = Object.entries(options)
    .filter(([name, option]) => isMissing(options, given, name, option))
    .map(([name, option]) => signature(name, option))
  const groups = [...groupsOf(options)]
    .filter(
      (group) => !Object.entries(options).some(([name, option]) => option.group === group && given.has(name)),
    )
    .map((group) => groupSignature(options, group))
  const lines = [...single, ...groups].map((label) => `\n  ${label}`)
  return lines.length === 0
    ? undefined
    : problem(`the following required arguments were not provided:${lines.join('')}`)
}

function isMissing(options: Options, given: Given, name: string, { required, unless = '' }: Option): boolean {
  if (given.has(name)) return false
  const needed = Object.entries(options).some(([other, { needs }]) => needs === name && given.has(other))
  return needed || (required === true && !given.has(unless))
}

function toArgs(options: Options, given: Given): ArgValues {
  return Object.fromEntries([...given].map(([name, values]) => [name, toArg(options[name], values)]))
}

function toArg(option: Option | undefined, values: string[]): ArgValue {
  if (option?.many) return values
  const [value] = values
  if (value === undefined) return true
  return option?.count ? Number(value) : value
}
