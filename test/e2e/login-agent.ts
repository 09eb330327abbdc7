/** A user of cloudhsm-cli with agents, which end with the test. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const PROGRAM = join(import.meta.dirname, '../../bin/cloudhsm-cli')

type Env = Readonly<Record<string, string>>
export type AgentEnv = { readonly STRONGROOM_AGENT_SOCK: string }

/**
 * @param root home directory, runtime directory and working directory
 * @param config path of the client configuration
 */
export function agentUser(root: string, config: string) {
  const sockets: string[] = []
  function cli(words: readonly string[], env: Env = {}, cwd = root) {
    const base = {
      PATH: process.env['PATH'],
      HOME: root,
      CLOUDHSM_CLI_CONFIG: config,
      XDG_RUNTIME_DIR: root,
    }
    const { status, stdout, stderr } = spawnSync(PROGRAM, words, {
      env: { ...base, ...env },
      cwd,
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  /** What the environment has with a new agent. */
  function start(words: readonly string[] = [], env: Env = {}): AgentEnv {
    const { status, stdout, stderr } = cli(['agent', 'start', ...words], env)
    assert.deepEqual([status, stderr], [0, ''])
    const [, socket = ''] = /^export STRONGROOM_AGENT_SOCK='(.+)';\n$/.exec(stdout) ?? []
    assert.notEqual(socket, '', stdout)
    sockets.push(socket)
    return { STRONGROOM_AGENT_SOCK: socket }
  }

  const status = (agent: Env) =>
    JSON.parse(cli(['agent', 'status'], agent).stdout).data as { pid: number; logins: { username: string }[] }

  const holds = (agent: Env) => status(agent).logins.map(({ username }) => username)

  function stopAll(): void {
    for (const socket of sockets) cli(['agent', 'stop'], { STRONGROOM_AGENT_SOCK: socket })
  }

  return { cli, start, status, holds, stopAll, sockets }
}
