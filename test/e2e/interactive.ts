/** `cloudhsm-cli interactive` as a process, typed at by a test. */
import { join } from 'node:path'
import { type Owner, start } from './pkcs11/commands.ts'

const CLI = join(import.meta.dirname, '..', '..', 'src', 'main', 'cloudhsm-cli.ts')
const PATIENCE_MS = 300_000

export type InteractiveShell = {
  readonly pid: number
  /** Types a line. Resolves when this is among what is shown after it; rejects when the shell ends before that. */
  type(line: string, answer: RegExp): Promise<void>
  /** Resolves when this is among all that was shown; rejects when the shell ends before that. */
  shows(text: RegExp): Promise<void>
  end(): Promise<void>
}

/** @param config path of the client's configuration */
export function interactiveShell(
  owner: Owner,
  config: string,
  env: NodeJS.ProcessEnv = {},
): InteractiveShell {
  const words = [process.execPath, CLI, 'interactive', '--config', config]
  const shell = start(owner, env, words, PATIENCE_MS)
  return {
    pid: shell.child.pid ?? 0,
    async type(line, answer) {
      const before = shell.written().length
      shell.child.stdin?.write(`${line}\n`)
      await shell.says(answer, before)
    },
    shows: (text) => shell.says(text),
    async end() {
      shell.child.stdin?.end()
      await shell.ended
    },
  }
}
