/** The program cloudhsm-cli. What a command does not need is not loaded: starting fast is a feature. */
import { join } from 'node:path'
import { isOutputGone, tell, told, writeOutput } from '../base/standard-streams.ts'
import { version } from '../base/version.ts'
import { AGENT_VARIABLE } from '../cli/agent/messages.ts'
import { type ClusterClients, createClusterClients } from '../cli/cluster-clients.ts'
import { credentials } from '../cli/credentials.ts'
import { type Chosen, chosen, type Environment, execute, noTerminal } from '../cli/execute.ts'
import { createProgress } from '../cli/progress.ts'
import { brokenOff, failure, type Output } from '../cli/render.ts'
import type { History } from '../cli/shell/history.ts'
import type { PasswordPrompt } from '../cli/shell/password-prompt.ts'
import type { AgentCommand, Progress } from '../cli/spec.ts'
import { programTree } from '../cli/tree.ts'
import { visible } from '../contract/shown.ts'
import type { ThroughAgent } from './through-agent.ts'

// The streams of the process are made when they are first named, which takes milliseconds.
const { env } = process

let clients: ClusterClients | undefined
let agent: ThroughAgent | undefined
let passwords: PasswordPrompt | undefined
let isHeeding = false

const environment: Environment = {
  root: programTree(version),
  async open(which) {
    const client = await openCluster(which)
    heedInterrupts()
    return client
  },
  credentials: (side) => credentials(env, side === 'destination' ? 'DESTINATION_' : ''),
  async askHidden(prompt) {
    passwords ??= await openPrompt()
    return passwords.ask(prompt)
  },
  progress,
}

const interruption = new AbortController()

/**
 * Ctrl-C gives up what is asked of an HSM; the second one ends the program at once. Before anything is asked the first one does: the
 * configuration may be a pipe, and nothing else happens in this process until that is written.
 */
function heedInterrupts(): void {
  if (isHeeding) return
  isHeeding = true
  process.once('SIGINT', () => interruption.abort())
}

/** What shells report of a program that Ctrl-C ended: 128 and the number of the signal. */
const INTERRUPTED = 130

async function main(words: readonly string[]): Promise<number> {
  const output = await execute(words, environment, interruption.signal)
  const exit = await print(output)
  passwords?.close()
  if (!output.next) return end(interruption.signal.aborted ? INTERRUPTED : exit)
  return next(output.next)
}

/**
 * When all that was told is written. The connection goes with the process, and the login with the connection; Node would take both
 * apart first.
 */
async function end(exit: number): Promise<never> {
  await told()
  process.exit(exit)
}

async function next({ mode, args }: Required<Output>['next']): Promise<number> {
  if (!mode.startsWith('agent ')) return interactive(chosen(args))
  const { agentCommand } = await import('./login-agent.ts')
  return print(await agentCommand(mode.slice('agent '.length) as AgentCommand, args, env))
}

async function openCluster(which: Chosen) {
  const { clusterId, option, config } = which
  const held = await (await openAgent())?.open(which)
  if (held) return held
  clients ??= createClusterClients(await loadClusters(config), undefined)
  return clients.of(clusterId, option)
}

/** Undefined when the environment names none. */
async function openAgent(): Promise<ThroughAgent | undefined> {
  const socket = env[AGENT_VARIABLE]
  if (!socket) return undefined
  const { throughAgent } = await import('./through-agent.ts')
  agent ??= throughAgent(socket, version, env, (text) => void tell(text))
  return agent
}

async function interactive({ clusterId, config }: Chosen): Promise<number> {
  const [{ runShell }, { scriptSource, terminalSource }, { openHistory }] = await Promise.all([
    import('../cli/shell/shell.ts'),
    import('../cli/shell/source.ts'),
    import('../cli/shell/history.ts'),
  ])
  try {
    return await runShell({
      clusters: await loadClusters(config),
      clusterId,
      openSource(completer) {
        const { stdin, stderr } = process
        for (const output of [screen(), stderr]) output.on('error', () => undefined)
        if (!stdin.isTTY) return scriptSource(stdin, stderr)
        return terminalSource(stdin, screen(), completer, history(openHistory))
      },
      print,
      progress,
    })
  } catch (error) {
    return print(failure(error))
  }
}

async function loadClusters(config: string | undefined) {
  const [{ clientClusters }, { readConfigFileOrPipe }] = await Promise.all([
    import('./client-clusters.ts'),
    import('../client-config/file.ts'),
  ])
  const clusters = clientClusters(config, env, readConfigFileOrPipe)
  // The cluster's own CA is all that is trusted; those that Node or the system has are not even read.
  process.getBuiltinModule('node:tls').setDefaultCACertificates([])
  return clusters
}

async function openPrompt(): Promise<PasswordPrompt> {
  if (!process.stdin.isTTY) throw noTerminal()
  const { createPasswordPrompt } = await import('../cli/shell/password-prompt.ts')
  return createPasswordPrompt(process.stdin, screen())
}

/** In the user's directory. A shell without it is as good. */
function history(open: (path: string) => History): History | undefined {
  const { HOME: home = '' } = env
  if (home === '') return undefined
  try {
    return open(join(home, '.cloudhsm-cli_history'))
  } catch (error) {
    void tell(`The history is not kept: ${visible((error as Error).message)}\n`)
    return undefined
  }
}

/** Where people are asked: prompts stay out of output that goes elsewhere. */
const screen = () => (process.stdout.isTTY ? process.stdout : process.stderr)

/** On standard error, so that nothing of it gets into the output. */
function progress(besideOutput: boolean): Progress {
  const { stderr, stdout } = process
  const isShown = stderr.isTTY && !(besideOutput && stdout.isTTY)
  return createProgress(isShown ? (text) => void tell(text) : () => undefined, () => performance.now())
}

/** @returns the exit status */
async function print({ text, stream, rest, exit, bytes, notes = '' }: Output): Promise<number> {
  try {
    await tell(notes)
    if (bytes) await writeOutput(bytes)
    if (stream === 'stderr') await tell(text)
    else await writeOutput(text)
    if (rest) for await (const piece of rest) await writeOutput(piece)
    return exit
  } catch (error) {
    // Nobody is left to tell; what was asked of the HSM ends with the connection.
    if (isOutputGone(error)) return end(exit || 1)
    return print(brokenOff(error))
  }
}

void main(process.argv.slice(2)).then((exit) => {
  process.exitCode = exit
})
