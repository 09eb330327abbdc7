/** `cloudhsm-cli agent`: composition of the agent, and the commands about it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { sentenceOf } from '../base/reasons.ts'
import { AgentUseless, controlAgent } from '../cli/agent/agent-client.ts'
import { AGENT_VARIABLE, type Control } from '../cli/agent/messages.ts'
import { agentTimes } from '../cli/commands/agent.ts'
import { failure, type Output, printed, success } from '../cli/render.ts'
import type { AgentCommand, ArgValues } from '../cli/spec.ts'
import { HsmError } from '../contract/errors.ts'
import { checkSocketPath } from '../pkcs11-socket/socket-paths.ts'

export async function agentCommand(
  command: AgentCommand,
  args: ArgValues,
  env: NodeJS.ProcessEnv,
): Promise<Output> {
  try {
    return await carriedOut(command, args, env)
  } catch (error) {
    const failed = failure(error)
    // A shell would carry out what is on standard output.
    return command === 'start' || command === 'stop' ? { ...failed, stream: 'stderr' } : failed
  }
}

async function carriedOut(command: AgentCommand, args: ArgValues, env: NodeJS.ProcessEnv): Promise<Output> {
  switch (command) {
    case 'start':
      return start(args, env)
    case 'serve': {
      const { serveLoginAgent } = await import('./login-agent-process.ts')
      await serveLoginAgent(String(args['socket']), agentTimes(args))
      return printed('')
    }
    case 'stop':
      await control('stop', env)
      return printed(`${unset(args['shell'])}\n`)
    case 'lock':
    case 'status':
      return success(await control(command, env))
  }
}

async function control(what: Control, env: NodeJS.ProcessEnv): Promise<object> {
  const socket = env[AGENT_VARIABLE]
  if (!socket) {
    throw new HsmError(
      'invalid-request',
      'There is no agent; start one with: eval "$(cloudhsm-cli agent start)"',
    )
  }
  try {
    return await controlAgent(socket, what)
  } catch (error) {
    if (!(error instanceof AgentUseless)) throw error
    throw new HsmError(
      'unavailable',
      `The agent that ${AGENT_VARIABLE} names cannot be used: ${error.message}`,
    )
  }
}

/** What the agent needs to find files and programs; nothing of a password. */
const INHERITED = ['HOME', 'PATH', 'TMPDIR', 'LANG', 'NODE_COMPILE_CACHE', 'LD_LIBRARY_PATH']

async function start(args: ArgValues, env: NodeJS.ProcessEnv): Promise<Output> {
  const { lifetimeMs, idleMs } = agentTimes(args)
  const runtime = env['XDG_RUNTIME_DIR'] ?? ''
  const prefix = join(isAbsolute(runtime) ? runtime : tmpdir(), 'strongroom-agent-')
  checkSocketPath(join(`${prefix}XXXXXX`, 'socket'), 'agent’s')
  // mkdtemp makes a directory that is the user's alone.
  const directory = mkdtempSync(prefix)
  const socket = join(directory, 'socket')
  const times = ['--lifetime', String(lifetimeMs / 1000), '--idle', String(idleMs / 1000)]
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] ?? '', 'agent', 'serve', '--socket', socket, ...times],
    {
      detached: true,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: Object.fromEntries(INHERITED.map((name) => [name, env[name]])),
    },
  )
  try {
    await ready(child)
  } catch (error) {
    child.kill()
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
  child.disconnect()
  child.unref()
  return printed(`${set(args['shell'], socket)}\n`)
}

/** @throws HsmError with what the agent said */
function ready(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const failed = (why: string) =>
    reject(new HsmError('unavailable', `The agent could not be started: ${why}`))
  child.once('message', (message: { readonly failed?: string }) =>
    message.failed === undefined ? resolve() : failed(message.failed),
  )
  child.once('error', (error) => failed(sentenceOf(error)))
  child.once('exit', () => failed('it ended unexpectedly'))
  return promise
}

function set(shell: unknown, socket: string): string {
  const value = `'${socket.replaceAll("'", "'\\''")}'`
  if (shell === 'csh') return `setenv ${AGENT_VARIABLE} ${value};`
  if (shell === 'fish') return `set -gx ${AGENT_VARIABLE} ${value};`
  return `export ${AGENT_VARIABLE}=${value};`
}

function unset(shell: unknown): string {
  if (shell === 'csh') return `unsetenv ${AGENT_VARIABLE};`
  return shell === 'fish' ? `set -e ${AGENT_VARIABLE};` : `unset ${AGENT_VARIABLE};`
}
