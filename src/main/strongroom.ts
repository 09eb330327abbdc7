/** The program strongroom: the HSM and its administration. */
import { parseArgs } from 'node:util'
import { argumentTip, subcommandTip } from '../cli/tips.ts'
import { HsmError } from '../contract/errors.ts'
import { reasonAndAdvice } from '../contract/reasons.ts'
import { isWhole } from '../contract/text.ts'
import { COMMANDS, type Command } from './commands.ts'
import { HELP } from './help.ts'
import { done, failed, type Outcome, wrongUsage } from './outcome.ts'
import { version } from './version.ts'
import { type Options, WORDS } from './words.ts'

const EVERYWHERE = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

async function main(words: readonly string[]): Promise<Outcome> {
  const { command, rest } = commandOf(words)
  const [first = '-'] = words
  if (!command && !first.startsWith('-'))
    return wrongUsage(`unexpected argument '${first}'${commandTip(words)}`)
  const parsed = parse(rest, command)
  if (typeof parsed === 'string') return wrongUsage(parsed)
  const { help, version: showVersion, ...options } = parsed
  if (help) return done(HELP)
  if (showVersion) return done(`strongroom ${version}`)
  if (!command) return { exit: 2, text: `${HELP}\n` }
  if (options.home === '') return wrongUsage('--home must not be empty')
  return command.run(options)
}

/** Names of commands have one word to three. */
function commandOf(words: readonly string[]): { command?: Command; rest: readonly string[] } {
  for (const count of [3, 2, 1]) {
    const name = words.slice(0, count).join(' ')
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command) return { command, rest: words.slice(count) }
  }
  return { rest: words }
}

/** The options, or what is wrong with the words. */
function parse(words: readonly string[], command: Command | undefined) {
  const { options: names, takesFile } = command ?? { options: [] }
  const options = { ...EVERYWHERE, ...Object.fromEntries(names.map((name) => [name, WORDS[name]])) }
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true })
    const file = takesFile ? positionals.shift() : undefined
    const [surplus] = positionals
    if (surplus !== undefined) return `unexpected argument '${surplus}'`
    const broken = brokenIn({ ...values, ...(file !== undefined && { FILE: file }) })
    if (broken !== undefined) return `${broken === 'FILE' ? '' : '--'}${broken} is not UTF-8 text`
    if (takesFile && !file && !values['help']) return 'FILE is missing'
    return { ...values, ...(file !== undefined && { file }) } as Options & {
      readonly help?: boolean
      readonly version?: boolean
    }
  } catch (error) {
    // The rest of the message tells how to pass an argument that begins with a dash.
    const problem = (error as Error).message.replace(/\. .*/s, '')
    const [, unknown = ''] = /^Unknown option '(--[^']*)'/.exec(problem) ?? []
    return problem + argumentTip(unknown, Object.keys(options))
  }
}

const brokenIn = (values: object): string | undefined =>
  Object.entries(values).find(([, value]) => typeof value === 'string' && !isWhole(value))?.[0]

/** Which command may have been meant by the words in front of the options. */
function commandTip(words: readonly string[]): string {
  const until = words.findIndex((word) => word.startsWith('-'))
  const name = words.slice(0, until < 0 ? 3 : until).join(' ')
  const known = Object.keys(COMMANDS).filter((command) => command !== 'pkcs11 keep')
  return subcommandTip(name, known)
}

/** What could not be done, with which file, why, and what helps. */
function systemSentence(error: NodeJS.ErrnoException): string {
  const { path } = error
  return path === undefined ? error.message : `Cannot use ${path}: ${reasonAndAdvice(error)}`
}

/** Errors of the operating system name the file; anything else unforeseen may show its stack. */
function explain(error: unknown): Outcome {
  if (error instanceof HsmError) return failed(error.message)
  if (error instanceof Error && 'syscall' in error)
    return failed(systemSentence(error as NodeJS.ErrnoException))
  throw error
}

const { exit, text } = await main(process.argv.slice(2)).catch(explain)
if (text) process[exit === 0 ? 'stdout' : 'stderr'].write(text)
process.exitCode = exit
