/** Other people's programs, run as a user would, each bounded in time. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

/** Far more than any of them needs; nothing waits for it. */
const PATIENCE_MS = 60_000

export type Ran = { readonly exit: number | null; readonly stdout: string; readonly stderr: string }

export type Running = {
  readonly child: ChildProcess
  /** What it has written so far, to both outputs. */
  readonly written: () => string
  /** Resolves when it has written this, after what it had written when that had this length. Rejects when it ends before that. */
  says(text: string | RegExp, since?: number): Promise<void>
  /** The next line that it writes, without its end. */
  nextLine(): Promise<string>
  readonly ended: Promise<Ran>
}

/** A test, or whatever else cleans up behind itself. */
export type Owner = { after(cleanup: () => void): void }

/** The process is gone when its owner is. */
export function start(
  owner: Owner,
  env: NodeJS.ProcessEnv,
  [command = '', ...args]: readonly string[],
  timeout: number = PATIENCE_MS,
): Running {
  const child = spawn(command, args, { env: { ...process.env, ...env }, timeout })
  owner.after(() => child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '', both: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      output.both += text
      child.emit('output')
    })
  }
  child.stdin.on('error', () => undefined) // it may end without reading
  const ended = once(child, 'close').then(([exit]): Ran => ({ exit, ...output }))
  const over = ended.then((ran) => Promise.reject(new Error(`${command} has ended:\n${ran.stderr}`)))
  over.catch(() => undefined)
  async function until(said: () => boolean): Promise<void> {
    while (!said()) await Promise.race([once(child, 'output'), over])
  }
  return {
    child,
    written: () => output.both,
    says: (text, since = 0) =>
      until(() => {
        const written = output.both.slice(since)
        return typeof text === 'string' ? written.includes(text) : text.test(written)
      }),
    async nextLine() {
      const before = output.both.length
      await until(() => output.both.includes('\n', before))
      return output.both.slice(before, output.both.indexOf('\n', before))
    },
    ended,
  }
}

export type RunOptions = {
  readonly input?: string | Uint8Array
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

/** Runs a program to its end. */
export async function run(
  owner: Owner,
  words: readonly string[],
  { input, env = {}, timeoutMs = PATIENCE_MS }: RunOptions = {},
): Promise<Ran> {
  const { child, ended } = start(owner, env, words, timeoutMs)
  child.stdin?.end(input)
  return ended
}

/** Its standard output. Throws when it does not succeed. */
export async function succeeds(
  owner: Owner,
  words: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { exit, stdout, stderr } = await run(owner, words, options)
  if (exit === 0) return stdout
  throw new Error(`${words.join(' ')} ended with ${exit}:\n${stdout}\n${stderr}`)
}

/** Its outputs. Throws when it succeeds. */
export async function fails(owner: Owner, words: readonly string[], options?: RunOptions): Promise<string> {
  const { exit, stdout, stderr } = await run(owner, words, options)
  if (exit !== 0 && exit !== null) return stdout + stderr
  throw new Error(`${words.join(' ')} ended with ${exit}:\n${stdout}\n${stderr}`)
}

export type Skip = { readonly skip: string | false }

/** Option `skip` of a suite: which of these programs are not here. */
export function needs(...programs: readonly string[]): Skip {
  const missing = ['p11-kit', ...programs].filter((program) => !isInstalled(program))
  return missing.length === 0 ? { skip: false } : skipUnlessCi(`not installed: ${missing.join(', ')}`)
}

/** In CI nothing is skipped: there a missing program is a failure. */
export function skipUnlessCi(reason: string): Skip {
  if (process.env['CI']) throw new Error(reason)
  return { skip: reason }
}

const isInstalled = (program: string): boolean =>
  program.startsWith('/') ? existsSync(program) : spawnSync('which', [program]).status === 0
