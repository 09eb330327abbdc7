/** Parses a command line along the command tree. */
import { shown } from '../contract/shown.ts'
import {
  bind,
  type HelpLayout,
  helpLayout,
  isOptionWord,
  optionNamed,
  splitOption,
  unexpected,
} from './bind.ts'
import {
  type ArgValues,
  type Command,
  type Leaf,
  type OpenGroup,
  opened,
  type Path,
  type Root,
  type Shape,
} from './spec.ts'
import { subcommandTip } from './suggestions.ts'
import { usage } from './usage.ts'

export type Parsed<C extends Shape = Command> =
  | { readonly kind: 'command'; readonly command: C; readonly args: ArgValues }
  /** `asked`: false when a subcommand is missing. */
  | {
      readonly kind: 'help'
      readonly path: Path<C>
      readonly command: C | undefined
      readonly layout: HelpLayout
      readonly asked: boolean
    }
  | { readonly kind: 'version' }
  | { readonly kind: 'problem'; readonly message: string; readonly usage: string | undefined }

/** How far the names of commands reach: to a command, or to a group and the word it does not know. */
export type Walk<C extends Shape = Command> = {
  readonly path: Path<C>
  readonly leaf: Leaf<C> | undefined
  /** What is left for the command, options of the root in front included. */
  readonly rest: readonly string[]
  /** The first word that is no name, when the walk ended at a group. */
  readonly stop: string | undefined
  /** Whether a `help` was met on the way. */
  readonly help: boolean
}

/** Follows the words to a command or group, and leaves the words that follow it. */
export async function walk<C extends Shape>(root: Root<C>, words: readonly string[]): Promise<Walk<C>> {
  let path: Path<C> = [root]
  let group: OpenGroup<C> = root
  let help = false
  const early: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const taken = rootOption(root, words, at)
    if (taken.length > 0) {
      early.push(...taken)
      at += taken.length - 1
      continue
    }
    if (word === 'help') {
      help = true
      continue
    }
    const next = group.commands.find(({ name }) => name === word)
    if (!next) return endAt(path, group, early, words.slice(at), help)
    if ('command' in next) {
      const rest = [...early, ...words.slice(at + 1)]
      return { path: [...path, next], leaf: next, rest, stop: undefined, help }
    }
    group = await opened(next)
    path = [...path, group]
  }
  return endAt(path, group, early, [], help)
}

/** A group that is a command too takes options, and no other word. */
function endAt<C extends Shape>(
  path: Path<C>,
  { name, about, alone }: OpenGroup<C>,
  early: readonly string[],
  words: readonly string[],
  help: boolean,
): Walk<C> {
  const [stop] = words
  const isAlone = alone !== undefined && (stop === undefined || stop.startsWith('-'))
  if (!isAlone) return { path, leaf: undefined, rest: early, stop, help }
  return { path, leaf: { name, about, command: alone }, rest: [...early, ...words], stop: undefined, help }
}

/** An option that every command accepts may stand before its name as well. */
function rootOption(root: Root<Shape>, words: readonly string[], at: number): readonly string[] {
  const { name, inline } = splitOption(words[at] ?? '')
  const named = optionNamed(root.options, name)
  if (named === undefined) return []
  const taken = inline === undefined && root.options[named]?.value !== undefined ? 2 : 1
  return words.slice(at, at + taken)
}

/** From words to a command with its arguments, a help page or a problem. Never throws on what the user typed. */
export async function parse<C extends Shape>(root: Root<C>, words: readonly string[]): Promise<Parsed<C>> {
  const { path, leaf, rest, stop, help } = await walk(root, words)
  if (!leaf) return atGroup(path, stop, help)
  const { command } = leaf
  const line = usage(path, command.options)
  if (help) {
    const [extra] = rest
    const page = { kind: 'help', path, command: onPage(command), layout: 'long', asked: true } as const
    if (extra === undefined) return page
    return { kind: 'problem', message: `unrecognized subcommand '${shown(extra)}'`, usage: line }
  }
  const bound = bind({ ...root.options, ...command.options }, rest)
  if (bound.kind === 'bound') return { kind: 'command', command, args: bound.args }
  if (bound.kind === 'help') return { kind: 'help', path, command, layout: bound.layout, asked: true }
  return { kind: 'problem', message: bound.message, usage: bound.usage ? line : undefined }
}

/**
 * How many lines after this one are answers to what it asks. They are that also when it fails before it asks, or is
 * not understood: a password is never a command.
 */
export async function answersTo(root: Root, words: readonly string[]): Promise<number> {
  const { leaf, rest, help } = await walk(root, words)
  if (!leaf || help || rest.some((word) => helpLayout(word))) return 0
  const { command } = leaf
  return 'asks' in command && !hasPassword(rest) ? (command.asks ?? 0) : 0
}

const hasPassword = (words: readonly string[]): boolean =>
  words.some((word, at) => {
    const { name, inline } = splitOption(word)
    const value = inline ?? words[at + 1]
    return name === '--password' && value !== undefined && (inline !== undefined || !isOptionWord(value))
  })

function onPage<C extends Shape>(command: C): C {
  if (!('plainPage' in command)) return command
  const options = Object.entries(command.options).filter(([, { extension }]) => !extension)
  return { ...command, options: Object.fromEntries(options) }
}

function atGroup<C extends Shape>(path: Path<C>, stop: string | undefined, help: boolean): Parsed<C> {
  const [root] = path
  const layout = stop === undefined ? undefined : helpLayout(stop)
  if (layout) return { kind: 'help', path, command: undefined, layout, asked: true }
  if (stop === undefined) {
    return { kind: 'help', path, command: undefined, layout: help ? 'long' : 'short', asked: help }
  }
  if (path.length === 1 && root.version !== undefined && (stop === '-V' || stop === '--version')) {
    return { kind: 'version' }
  }
  const { name } = splitOption(stop)
  const message = stop.startsWith('-')
    ? unexpected(name, optionsAt(path)).message
    : `unrecognized subcommand '${shown(stop)}'${subcommandTip(stop, namesAt(path))}`
  return { kind: 'problem', message, usage: usage(path, undefined) }
}

function namesAt(path: Path<Shape>): readonly string[] {
  const group = path[path.length - 1]
  return group && 'commands' in group ? [...group.commands.map(({ name }) => name), 'help'] : []
}

const optionsAt = ([root, ...below]: Path<Shape>): readonly string[] => [
  ...Object.keys(root.options),
  'help',
  ...(below.length === 0 && root.version !== undefined ? ['version'] : []),
]
