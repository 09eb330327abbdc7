/** The program strongroom: the HSM and its administration. */
import { homedir } from 'node:os'
import { parseArgs } from 'node:util'
import { HsmError } from '../contract/errors.ts'
import { defaultHome, homeAt } from './home.ts'
import { DEFAULT_LISTEN, parseListen } from './listen-address.ts'
import { done, failed, type Outcome } from './outcome.ts'
import { version } from './version.ts'

const HELP = `Strongroom, a software HSM cluster driven with the CloudHSM CLI

Usage: strongroom <COMMAND> [OPTIONS]

Commands:
  start   Serve the HSM; the first start creates it
  stop    Ask the HSM to end, and wait until it has
  status  Show whether the HSM serves, and what it holds; exit status 0 only if it serves
  audit   Print the audit log and check its chain; logs in with CLOUDHSM_ROLE and CLOUDHSM_PIN, as an admin
  demo    Share a key and take it back, on an HSM that is gone afterwards

Options:
      --home <DIR>          Directory of the HSM [default: $STRONGROOM_HOME or ~/.strongroom]
      --listen <HOST:PORT>  start: address to serve on, port 0 for any free one [default: 127.0.0.1:2223]
      --detach              start: in the background; returns when the HSM answers
      --json                status, audit: as JSON
  -h, --help                Print help
  -V, --version             Print version`

const WORDS = {
  home: { type: 'string' },
  listen: { type: 'string' },
  detach: { type: 'boolean' },
  json: { type: 'boolean' },
} as const
const EVERYWHERE = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

type Options = {
  readonly home?: string
  readonly listen?: string
  readonly detach?: boolean
  readonly json?: boolean
}

type Command = {
  readonly options: readonly (keyof typeof WORDS)[]
  readonly run: (options: Options) => Promise<Outcome>
}

/** What a command needs is loaded when it runs: the HSM itself for `start` alone. */
const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    options: ['home', 'listen', 'detach'],
    async run(options) {
      const listen = options.listen === undefined ? DEFAULT_LISTEN : parseListen(options.listen)
      if (!listen) return wrongUsage('--listen must be HOST:PORT, such as 127.0.0.1:2223 or [::1]:2223')
      if (!options.detach) return (await import('./serve.ts')).serve(homeOf(options), listen)
      return (await import('./detach.ts')).detach(homeOf(options), listen, process.argv[1] ?? '')
    },
  },
  stop: {
    options: ['home'],
    run: async (options) => (await import('./stop.ts')).stop(homeOf(options)),
  },
  status: {
    options: ['home', 'json'],
    run: async (options) =>
      (await import('./status.ts')).status(homeOf(options), { json: options.json === true }),
  },
  audit: {
    options: ['home', 'json'],
    async run(options) {
      const { credentials } = await import('../cli/credentials.ts')
      const who = credentials(process.env['CLOUDHSM_ROLE'], process.env['CLOUDHSM_PIN'])
      return (await import('./audit.ts')).audit(homeOf(options), { who, json: options.json === true, print })
    },
  },
  demo: { options: [], run: async () => (await import('./demo.ts')).demo(print) },
}

const print = (text: string): void => void process.stdout.write(text)

async function main(words: readonly string[]): Promise<Outcome> {
  const [name = '', ...rest] = words
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  const parsed = parse(command ? rest : words, command?.options ?? [])
  if (typeof parsed === 'string') return wrongUsage(parsed)
  if (parsed.help) return done(HELP)
  if (parsed.version) return done(`strongroom ${version}`)
  if (!command) return { exit: 2, text: `${HELP}\n` }
  if (parsed.home === '') return wrongUsage('--home must not be empty')
  return command.run(parsed)
}

/** The options, or what is wrong with the words. */
function parse(words: readonly string[], names: Command['options']) {
  const options = { ...EVERYWHERE, ...Object.fromEntries(names.map((name) => [name, WORDS[name]])) }
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true })
    const [surplus] = positionals
    if (surplus !== undefined) return `unexpected argument '${surplus}'`
    return values as Options & { readonly help?: boolean; readonly version?: boolean }
  } catch (error) {
    // The rest of the message tells how to pass an argument that begins with a dash.
    return (error as Error).message.replace(/\. .*/s, '')
  }
}

const homeOf = ({ home }: Options) => homeAt(home ?? defaultHome(process.env, homedir()))

const wrongUsage = (problem: string): Outcome => ({
  exit: 2,
  text: `strongroom: ${problem}\n\nFor more information, try: strongroom --help\n`,
})

/** Errors of the operating system name the file; anything else unforeseen may show its stack. */
function explain(error: unknown): Outcome {
  if (error instanceof HsmError) return failed(error.message)
  if (error instanceof Error && 'syscall' in error) return failed(error.message)
  throw error
}

const { exit, text } = await main(process.argv.slice(2)).catch(explain)
process[exit === 0 ? 'stdout' : 'stderr'].write(text)
process.exitCode = exit
