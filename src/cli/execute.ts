/** One command line in; text, stream and exit status out. The shell and the one-shot program both call this. */
import { isStandardOutput } from '../base/standard-streams.ts'
import { HsmError } from '../contract/errors.ts'
import type { ClusterClient, ClusterOption } from './cluster-clients.ts'
import type { Credentials } from './cluster-login.ts'
import { renderHelp } from './help.ts'
import { interruptionBy } from './interruption.ts'
import { parse } from './parse.ts'
import { failure, inPieces, type Output, partial, printed, success, wrongUsage } from './render.ts'
import { remembering, selectionNote } from './selection-note.ts'
import type { Action, ArgValue, ArgValues, Context, Progress, Replication, Root } from './spec.ts'
import { usageError } from './usage.ts'

/** What a command line is carried out with. */
export type Environment = {
  readonly root: Root
  /** The cluster to talk to. */
  open(chosen: Chosen): Promise<ClusterClient>
  /**
   * Who to log in as for a command that needs it; throws where people log in themselves.
   *
   * @param side which of the clusters of a command between two
   */
  credentials(side: Side, clusterId: string): Credentials
  /** Shows the prompt and reads a line without showing it. Throws HsmError when that cannot be. */
  askHidden(prompt: string): Promise<string>
  /** Whether people want to know more than the answer, on standard error. */
  readonly explains?: true
  /** Left out: nobody is told how far work is. */
  progress?(besideOutput: boolean): Progress
}

export type Side = 'only' | 'source' | 'destination'

/** Values of `--cluster-id`, or the option that names a cluster in its place, and of `--config`. */
export type Chosen = {
  readonly clusterId: string | undefined
  readonly option?: ClusterOption
  readonly config: string | undefined
}

/** What `--cluster-id` and `--config` say, undefined where they are not given. */
export const chosen = (args: ArgValues): Chosen => ({
  clusterId: text(args['cluster-id']),
  config: text(args['config']),
})

/** @param interrupt aborted when nobody waits for the command any longer */
export async function execute(
  words: readonly string[],
  environment: Environment,
  interrupt?: AbortSignal,
): Promise<Output> {
  if (!interrupt) return carryOut(words, environment)
  const { watched, givenUp } = interruptionBy(interrupt)
  const open = async (which: Chosen) => watched(await environment.open(which))
  return Promise.race([carryOut(words, { ...environment, open }), givenUp]).catch(failure)
}

async function carryOut(words: readonly string[], environment: Environment): Promise<Output> {
  const parsed = await parse(environment.root, words)
  switch (parsed.kind) {
    case 'version':
      return printed(`${environment.root.name} ${environment.root.version}\n`)
    case 'problem':
      return wrongUsage(usageError(parsed.message, parsed.usage))
    case 'help': {
      const text = renderHelp(parsed.path, parsed.command, parsed.layout)
      return parsed.asked ? printed(text) : wrongUsage(text)
    }
    case 'command':
      if ('run' in parsed.command) return run(parsed.command, parsed.args, environment)
      if ('replicate' in parsed.command) return replicate(parsed.command, parsed.args, environment)
      return { ...printed(''), next: { mode: parsed.command.mode, args: parsed.args } }
  }
}

async function run(command: Action, args: ArgValues, environment: Environment): Promise<Output> {
  const chunks: Uint8Array[] = []
  const output = await carriedOut(command, args, environment, (bytes) => void chunks.push(bytes))
  if (!writesToStandardOutput(command, args)) return output
  return { ...output, stream: 'stderr', bytes: Buffer.concat(chunks) }
}

/** Whoever reads the output of such a command gets the data or nothing, whatever becomes of it. */
const writesToStandardOutput = ({ options }: Action, args: ArgValues): boolean =>
  Object.entries(options).some(([name, { writes }]) => {
    const path = args[name]
    return writes === true && typeof path === 'string' && isStandardOutput(path)
  })

async function carriedOut(
  command: Action,
  args: ArgValues,
  environment: Environment,
  standardOutput: Context['standardOutput'],
): Promise<Output> {
  let calls: ReturnType<typeof remembering> | undefined
  try {
    if (command.refused !== undefined) throw new HsmError('invalid-request', command.refused)
    const client = await environment.open(chosen(args))
    if (!command.anyone && client.username() === undefined) {
      const again = () => environment.credentials('only', client.clusterId)
      await client.login(again(), { again })
    }
    calls = remembering(client.call)
    const data = await command.run(args, {
      ...contextOf(client, environment, standardOutput),
      call: calls.call,
    })
    if (typeof data === 'object' && Symbol.asyncIterator in data) return await inPieces(data)
    return command.failed?.(data) ? partial(data) : success(data)
  } catch (error) {
    return refused(error, calls, args, environment)
  }
}

async function refused(
  error: unknown,
  calls: ReturnType<typeof remembering> | undefined,
  args: ArgValues,
  { explains }: Environment,
): Promise<Output> {
  const refusal = explains || args['verbose'] ? calls?.refusal() : undefined
  const notes = calls && refusal ? await selectionNote(calls.call, refusal) : ''
  return { ...failure(error), ...(notes !== '' && { notes }) }
}

async function replicate(command: Replication, args: ArgValues, environment: Environment): Promise<Output> {
  const at = (option: ClusterOption) =>
    environment.open({ clusterId: text(args[option.slice(2)]), option, config: text(args['config']) })
  let calls: ReturnType<typeof remembering> | undefined
  try {
    const source = await at('--source-cluster-id')
    const destination = await at('--destination-cluster-id')
    if (source === destination) {
      throw new HsmError('invalid-request', 'The source and the destination are the same cluster')
    }
    const logins = (
      [
        [source, 'source'],
        [destination, 'destination'],
      ] as const
    ).flatMap(([client, side]) => {
      if (client.username() !== undefined) return []
      const again = () => environment.credentials(side, client.clusterId)
      return { client, who: again(), again }
    })
    for (const { client, who, again } of logins) await client.login(who, { again })
    calls = remembering(source.call)
    return success(await command.replicate(args, { source: calls.call, destination: destination.call }))
  } catch (error) {
    return refused(error, calls, args, environment)
  }
}

const text = (value: ArgValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

const UNTOLD: Progress = { show: () => undefined, end: () => undefined }

function contextOf(
  client: ClusterClient,
  { askHidden, progress }: Environment,
  standardOutput: Context['standardOutput'],
): Context {
  return {
    standardOutput,
    call: client.call,
    async login(username, role, given) {
      if (client.username() !== undefined) throw new HsmError('already-logged-in')
      const password = given ?? (await askHidden('Enter password:'))
      return client.login({ username, role, password })
    },
    logout: client.logout,
    progress: (besideOutput = false) => progress?.(besideOutput) ?? UNTOLD,
    async askNewPassword() {
      const password = await askHidden('Enter password:')
      if ((await askHidden('Confirm password:')) === password) return password
      throw new HsmError('invalid-request', 'The passwords do not match')
    },
  }
}

/** A password has to be typed, and nobody can. */
export const noTerminal = (): HsmError =>
  new HsmError('invalid-request', 'A password is needed: give --password, or run on a terminal')
