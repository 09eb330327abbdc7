/** Completes the line that is being typed, when Tab is pressed. */
import { isOptionWord, optionNamed, splitOption } from './bind.ts'
import { walk } from './parse.ts'
import type { Group, Leaf, OpenGroup, Option, Options, Root } from './spec.ts'

/** Values that only the cluster knows. */
export type Known = {
  usernames(): Promise<readonly string[]>
  labels(): Promise<readonly string[]>
}

/**
 * @param words before the one being typed
 * @param partial the word being typed, perhaps empty
 * @returns whole words that begin with `partial`; one that ends with `=` goes on
 */
export async function complete(
  root: Root,
  words: readonly string[],
  partial: string,
  known: Known,
): Promise<readonly string[]> {
  const candidates = await candidatesFor(root, words, partial, known)
  return [...new Set(candidates)].filter((word) => word.startsWith(partial))
}

async function candidatesFor(
  root: Root,
  words: readonly string[],
  partial: string,
  known: Known,
): Promise<readonly string[]> {
  const { path, leaf, rest, stop, help } = await walk(root, words)
  if (!leaf) return stop === undefined ? names(path[path.length - 1] as OpenGroup, help) : []
  if (help) return []
  const { options } = leaf.command
  const { name, inline } = splitOption(partial)
  if (inline !== undefined) {
    const option = named(options, name)
    return option ? (await values(option, inline, known)).map((value) => `${name}=${value}`) : []
  }
  const open = optionAwaiting(options, rest)
  if (open && !open.many) return values(open, partial, known)
  const offered = open && !isOptionWord(partial) ? await values(open, partial, known) : []
  return [...offered, ...unused(options, rest)]
}

function names({ commands }: OpenGroup, help: boolean): readonly string[] {
  const shown = commands.filter(({ hidden }: Group | Leaf) => !hidden).map(({ name }) => name)
  return help ? shown : [...shown, 'help']
}

/** The option whose value comes next: one that still needs it, or one that takes any number. */
function optionAwaiting(options: Options, words: readonly string[]): Option | undefined {
  const at = words.findLastIndex(isOptionWord)
  const { name, inline } = splitOption(words[at] ?? '')
  const option = named(options, name)
  if (option?.value === undefined) return undefined
  if (option.many) return option
  return inline === undefined && at === words.length - 1 ? option : undefined
}

function named(options: Options, word: string): Option | undefined {
  const name = optionNamed(options, word)
  return name === undefined ? undefined : options[name]
}

function unused(options: Options, words: readonly string[]): readonly string[] {
  const given = new Set(
    words.filter(isOptionWord).map((word) => optionNamed(options, splitOption(word).name)),
  )
  const left = Object.entries(options).filter(([name, { many }]) => many || !given.has(name))
  return [...left.map(([name]) => `--${name}`), '--help']
}

async function values(option: Option, partial: string, known: Known): Promise<readonly string[]> {
  if (option.choices) return Object.keys(option.choices)
  if (option.completes === 'username') return known.usernames()
  if (option.completes === 'attribute') return (await import('../contract/attributes.ts')).ATTRIBUTE_NAMES
  return option.completes === 'filter' ? filterTerms(partial, known) : []
}

async function filterTerms(partial: string, known: Known): Promise<readonly string[]> {
  const { ATTRIBUTE_NAMES, KEY_CLASSES, KEY_TYPES, attributeKind } = await import('../contract/attributes.ts')
  const at = partial.indexOf('=')
  if (at < 0) return ['key-reference=', ...ATTRIBUTE_NAMES.filter(isMatched).map((name) => `attr.${name}=`)]
  const head = partial.slice(0, at + 1)
  const kind = attributeKind(partial.slice('attr.'.length, at))
  const offered = {
    flag: () => ['true', 'false'],
    class: () => KEY_CLASSES,
    'key-type': () => KEY_TYPES,
    text: () => known.labels(),
  }
  const found = kind !== undefined && kind in offered ? offered[kind as keyof typeof offered]() : []
  return (await found).map((value) => head + value)

  function isMatched(name: string): boolean {
    return attributeKind(name) !== 'template'
  }
}
