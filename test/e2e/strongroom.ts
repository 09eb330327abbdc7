/** The program strongroom as a process, on homes that go away with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect, type RemoteHsm } from '../../src/client/connect.ts'
import { type Home, homeAt } from '../../src/home/home.ts'
import { isLocked } from '../../src/home/lock.ts'
import { readRunning } from '../../src/home/running.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main', 'strongroom.ts')
export const ANY_PORT = ['--listen', '127.0.0.1:0'] as const

export type Ran = { readonly exit: number | null; readonly stdout: string; readonly stderr: string }
export type Serving = {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  /** What it has written to its standard output so far. */
  readonly printed: () => string
}

/** Whatever still runs on the home when the test ends is killed. */
export function temporaryHome(t: TestContext): Home {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-e2e-'))
  const home = homeAt(root)
  t.after(() => {
    const running = existsSync(home.lock) && isLocked(home.lock) ? readRunning(home) : undefined
    if (running) process.kill(running.pid, 'SIGKILL')
    rmSync(root, { recursive: true, force: true })
  })
  return home
}

export function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): Serving {
  const flags = ['--disable-warning=ExperimentalWarning', PROGRAM, ...args]
  const child = spawn(process.execPath, flags, { env: { ...process.env, ...env } })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  const ended = once(child, 'close').then(([exit]) => ({ exit, ...written }))
  return { child, ended, printed: () => written.stdout }
}

export const run = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran> => launch(args, env).ended

/** @param input comes in on its standard input */
export function runWith(input: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran> {
  const { child, ended } = launch(args, env)
  child.stdin?.end(input)
  return ended
}

/** Starts it in the foreground. Resolves when it says that it serves. */
export async function serve(home: Home, ...options: readonly string[]): Promise<Serving> {
  const serving = launch(['start', '--home', home.root, ...ANY_PORT, ...options])
  await logLine(serving, 'serving')
  return serving
}

/** Resolves when its log has a line with this message. */
export async function logLine({ child, ended, printed }: Serving, message: string): Promise<void> {
  const over = ended.then(({ stderr }) => {
    throw new Error(`it ended without saying ${message}: ${stderr}`)
  })
  while (!printed().includes(`"msg":"${message}"`)) {
    await Promise.race([child.stdout && once(child.stdout, 'data'), over])
  }
  over.catch(() => undefined)
}

/** Starts it and ends it again. */
export async function startOnce(home: Home): Promise<void> {
  const { child, ended } = await serve(home)
  child.kill()
  await ended
}

export function client(t: TestContext, home: Home, bound = false): RemoteHsm {
  const running = readRunning(home)
  if (!running) throw new Error('nothing runs there')
  const hsm = connect({ servers: [running], trust: { ca: readFileSync(home.clientCa, 'utf8') }, bound })
  t.after(() => hsm.close())
  return hsm
}

const PASSWORD = 'correct horse'
export const ALICE = { username: 'alice', role: 'crypto-user', password: PASSWORD } as const
const ADMIN = { username: 'admin', role: 'admin', password: PASSWORD } as const

/** Activates the HSM and logs in as its admin. */
export async function activate(hsm: RemoteHsm): Promise<string> {
  await hsm.call('cluster.activate', { password: PASSWORD })
  return (await hsm.call('session.login', ADMIN)).token
}
