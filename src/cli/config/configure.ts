/** A configure tool: words in, an edited configuration file out. Says nothing when all is well. */
import { resolve } from 'node:path'
import { parseDocument, renderConfig } from '../../client-config/document.ts'
import { configExists, readConfigFile, writeConfigFile } from '../../client-config/file.ts'
import { locateConfig, missingConfig } from '../../client-config/locate.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown, visible } from '../../contract/shown.ts'
import { type Bound, bind, problem } from '../bind.ts'
import { renderHelp } from '../help.ts'
import { type Output, printed, wrongUsage } from '../render.ts'
import type { ArgValues } from '../spec.ts'
import { subcommandTip } from '../suggestions.ts'
import { usage, usageError } from '../usage.ts'
import { changeConfig } from './change.ts'
import { changeOf, wrongTogether } from './configure-args.ts'
import {
  type EditArgs,
  pathTo,
  quittingWith,
  SUBCOMMANDS,
  type Subcommand,
  type Tool,
} from './configure-options.ts'
import { checkTrustFiles } from './trust-files.ts'

export type Surroundings = {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  /** Absolute; relative file names count from it. */
  readonly workingDirectory: string
}

/** @param words of the command line after the program's name */
export function configure(tool: Tool, words: readonly string[], surroundings: Surroundings): Output {
  const { subcommand, rest } = split(words)
  const options = optionsOf(tool, subcommand)
  const path = pathTo(tool, subcommand)
  const help = (layout: 'short' | 'long') => renderHelp(path, quittingWith(options), layout)
  if (words.length === 0) return wrongUsage(help('short'))
  const bound = read(tool, subcommand, rest)
  if (bound.kind === 'help') return printed(help(bound.layout))
  if (bound.kind === 'problem') {
    return wrongUsage(usageError(bound.message, bound.usage ? usage(path, options) : undefined))
  }
  if (bound.args['version']) return printed(`${tool.name} ${surroundings.version}\n`)
  try {
    editFile(tool, subcommand, bound.args, surroundings)
    return printed('')
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return { text: `Error: ${visible(error.message)}\n`, exit: 1, stream: 'stderr' }
  }
}

const optionsOf = ({ edit }: Tool, subcommand: Subcommand | undefined) =>
  subcommand === undefined ? edit : SUBCOMMANDS[subcommand]

/** `help add-cluster` is another way to say `add-cluster --help`. */
function split(words: readonly string[]): { subcommand: Subcommand | undefined; rest: readonly string[] } {
  const [first = '', ...rest] = words
  if (first === 'help') return split([...rest, '--help'])
  if (!Object.hasOwn(SUBCOMMANDS, first)) return { subcommand: undefined, rest: words }
  return { subcommand: first as Subcommand, rest }
}

function read(tool: Tool, subcommand: Subcommand | undefined, words: readonly string[]): Bound {
  const [first = '-'] = words
  if (subcommand === undefined && !first.startsWith('-')) {
    const tip = subcommandTip(first, [...Object.keys(SUBCOMMANDS), 'help'])
    return problem(`unrecognized subcommand '${shown(first)}'${tip}`)
  }
  if (words.filter((word) => /^(-a|--addresses(=.*)?)$/s.test(word)).length > 1) {
    return problem("the argument '-a <ADDRESS>...' cannot be used multiple times")
  }
  const bound = bind(optionsOf(tool, subcommand), words)
  return bound.kind === 'bound' ? (wrongTogether(bound.args as EditArgs) ?? bound) : bound
}

function editFile(
  { component }: Tool,
  subcommand: Subcommand | undefined,
  args: ArgValues,
  surroundings: Surroundings,
): void {
  const { workingDirectory } = surroundings
  const { config: option } = args as EditArgs
  const location = locateConfig({ ...surroundings, component, option, exists: configExists })
  const path = resolve(workingDirectory, location.path)
  const change = changeOf(subcommand, args, workingDirectory)
  if (change.kind === 'remove-cluster' && !location.exists) throw missingConfig(location)
  checkTrustFiles(change.cluster)
  const before = location.exists ? parseDocument(readConfigFile(path), path) : undefined
  const text = renderConfig(changeConfig(before, change, path, component))
  // Whatever the options brought in: a file that could not be read again is not written.
  parseDocument(text, path)
  writeConfigFile(path, text)
}
