/** The interactive mode: commands one after another, with the logins kept between them. */

import { HsmError } from '../../contract/errors.ts'
import { visible } from '../../contract/shown.ts'
import { type ClusterClients, type Clusters, createClusterClients } from '../cluster-clients.ts'
import { complete, type Known } from '../complete.ts'
import { type Environment, execute } from '../execute.ts'
import { answersTo } from '../parse.ts'
import { type Output, printed, wrongUsage } from '../render.ts'
import { SHELL_TREE } from '../tree.ts'
import type { Completer } from './line-keys.ts'
import type { LineSource } from './source.ts'
import { quoted, splitWords } from './split-line.ts'

export type ShellNeeds = {
  readonly clusters: Clusters
  /** Value of `--cluster-id`. */
  readonly clusterId: string | undefined
  readonly openSource: (completer: Completer) => LineSource
  /** @returns the exit status */
  readonly print: (output: Output) => Promise<number>
  readonly progress?: Environment['progress']
}

const CONTINUED = '> '

/**
 * Runs until the lines end or the user quits.
 *
 * @returns exit status: of a script 0 when every command succeeded, else 1; of a terminal 0
 * @throws HsmError `invalid-request` when the cluster is not configured
 */
export async function runShell({
  clusters,
  clusterId,
  openSource,
  print,
  progress,
}: ShellNeeds): Promise<number> {
  const clients = createClusterClients(clusters, clusterId, (id, goesOn) => {
    const what = `The connection to ${id === '' ? 'the cluster' : id} was lost`
    source.notice(
      goesOn
        ? `${what}. The login goes on; its session keys are gone.\n`
        : `${what}, and the login with it. Log in again.\n`,
    )
  })
  const source = openSource(completerOf(clients))
  const environment: Environment = {
    root: SHELL_TREE,
    open: async ({ clusterId: id, option }) => clients.of(id, option),
    credentials(side, id) {
      throw new HsmError('not-logged-in', side === 'only' ? undefined : `Not logged in to ${id}`)
    },
    askHidden: source.readHidden,
    explains: true,
    ...(progress && { progress }),
  }
  try {
    return await loop(environment, source, clients, print)
  } finally {
    source.close()
    await clients.close()
  }
}

async function loop(
  environment: Environment,
  source: LineSource,
  clients: ClusterClients,
  print: ShellNeeds['print'],
): Promise<number> {
  let failed = false
  const run = source.isTerminal ? runLine : discreetly(runLine)
  for (;;) {
    const line = await readCommand(source, clients.prompt())
    const interruption = new AbortController()
    source.onInterrupt(() => interruption.abort())
    const output = line === undefined ? QUIT : await run(line, environment, source, interruption.signal)
    if ((await print(output)) !== 0) failed = true
    source.onInterrupt()
    if (output.next) return failed && !source.isTerminal ? 1 : 0
  }
}

/** A password may follow a login with a slip in it, and is then taken for a command: its words are not shown. */
function discreetly(run: typeof runLine): typeof runLine {
  let misunderstood = false
  return async (...needs) => {
    const output = await run(...needs)
    const wasBefore = misunderstood
    misunderstood = output.exit === 2
    return misunderstood && wasBefore ? NOT_SHOWN : output
  }
}

const NOT_SHOWN = wrongUsage(
  'error: the line after one that was not understood is no command either; it may be a password and is not shown\n',
)

const QUIT: Output = { ...printed(''), next: { mode: 'quit', args: {} } }

async function runLine(
  line: string,
  environment: Environment,
  source: LineSource,
  interrupt: AbortSignal,
): Promise<Output> {
  const { words, open } = splitWords(line)
  if (open === 'quote') return wrongUsage('error: a quote is not closed\n')
  if (words.length === 0) return printed('')
  if (!hasOption(words, SECRET)) source.remember(line)
  await source.setAside(await answersTo(environment.root, words))
  try {
    const output = await execute(words, environment, interrupt)
    // What is not understood may be a password typed at the wrong prompt.
    if (output.exit !== 2 && !hasOption(words, CONFIDENTIAL)) source.keep(line)
    return output
  } finally {
    source.dropAnswers()
  }
}

/** One command, perhaps over several lines; undefined at the end. A cancelled one is empty. */
async function readCommand(source: LineSource, prompt: string): Promise<string | undefined> {
  let line: string | undefined
  for (;;) {
    const typed = await source.read(line === undefined ? prompt : CONTINUED)
    if (typed.kind === 'cancelled') return ''
    if (typed.kind === 'end') return line
    line = line === undefined ? typed.text : joined(line, typed.text)
    if (splitWords(line).open === undefined) return line
  }
}

/** As one line where that means the same, which is how the history shows it. */
function joined(line: string, next: string): string {
  return splitWords(line).open === 'backslash' ? line.slice(0, -1) + next : `${line}\n${next}`
}

/** What gives a password away, and what later shells need not know either. */
const SECRET = /^--(change-)?password(=|$)/
const CONFIDENTIAL = /^--((change-)?password|data)(=|$)/

const hasOption = (words: readonly string[], option: RegExp): boolean =>
  words.some((word) => option.test(word))

function completerOf(clients: ClusterClients): Completer {
  const known: Known = {
    async usernames() {
      const { users } = await clients.of(undefined).call('user.list', {})
      return users.map(({ username }) => username)
    },
    async labels() {
      const client = clients.of(undefined)
      if (client.username() === undefined) return []
      const { matched_keys } = await client.call('key.list', { filter: [], 'max-items': 1000 })
      return matched_keys
        .map(({ attributes }) => String(attributes.label))
        .filter((label) => label !== '' && visible(label) === label)
    },
  }
  return async (line) => {
    const { words, last } = splitWords(line)
    const before = last.raw === '' ? words : words.slice(0, -1)
    const found = await complete(SHELL_TREE, before, last.text, known)
    const candidates = found.map((word) => last.raw + quoted(word.slice(last.text.length), last.quote))
    const [only, ...others] = candidates
    if (only === undefined || others.length > 0 || only.endsWith('='))
      return { candidates, replaces: last.raw }
    const close = { none: '', single: "'", double: '"' }[last.quote]
    return { candidates: [`${only}${close} `], replaces: last.raw }
  }
}
