/** Starts the keeper's process, which outlives the one that starts it. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import type { KeyCertificates } from '../contract/key-certificates.ts'
import type { Home } from '../home/home.ts'

/** Of an HSM: it writes into the log of the home, wherever the HSM itself does. @param program the script that this process runs */
export const hsmKeeper = (home: Home, program: string) => (): ChildProcess => {
  const log = openSync(home.log, 'a', 0o600)
  const child = start(program, ['--home', home.root], [log, log], home.root)
  closeSync(log)
  return child
}

/** Which HSM an agent reaches, how, and what programs see of it. */
export type AgentSource = {
  /** Value of `--config`. */
  readonly config: string | undefined
  /** Which of several clusters in the configuration. */
  readonly clusterId: string | undefined
  /** Which certificates programs see. Left out: stored ones. */
  readonly keyCertificates: KeyCertificates | undefined
}

/** Of an agent: it writes where the agent does. */
export const agentKeeper =
  ({ config, clusterId, keyCertificates }: AgentSource, program: string) =>
  (): ChildProcess => {
    const words = [
      ...(config === undefined ? [] : ['--config', resolve(config)]),
      ...(clusterId === undefined ? [] : ['--cluster-id', clusterId]),
      ...(keyCertificates === undefined ? [] : ['--key-certificates', keyCertificates]),
    ]
    return start(program, words, ['inherit', 'inherit'], process.cwd())
  }

function start(
  program: string,
  words: readonly string[],
  output: readonly ['inherit' | number, 'inherit' | number],
  cwd: string,
): ChildProcess {
  const stdio: StdioOptions = ['ignore', ...output, 'ipc']
  const all = [...process.execArgv, program, 'pkcs11-keep', ...words]
  // In a session of its own: what is typed at the terminal, and its end, are not for it.
  return spawn(process.execPath, all, { detached: true, stdio, cwd })
}
