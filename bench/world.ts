/** What the benchmarks run on: one HSM in this process and one behind HTTPS in another, each on a temporary home. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { ConnectOptions, RemoteHsm } from '../src/client/connect.ts'
import type { Home } from '../src/home/home.ts'
import { readRunning } from '../src/home/running.ts'
import { clientOf, onSqlite, temporaryHome } from '../test/support/homes.ts'
import { createWorld, type World } from '../test/support/world.ts'

/** A clone whose bundles are run. */
export const THIS = join(import.meta.dirname, '..')

/** As the launchers start them. */
const BUNDLES = {
  strongroom: ['--max-semi-space-size=8', 'strongroom.mjs'],
  'cloudhsm-cli': ['--use-openssl-ca', 'cloudhsm-cli.cjs'],
} as const

type Running = {
  readonly env?: NodeJS.ProcessEnv
  readonly clone?: string
  /** Processors for it, as `taskset` numbers them: 0-3. */
  readonly cpus?: string | undefined
}

/** Runs a bundled program to its end, with the compile cache that its launcher would give it. */
export function run(
  program: keyof typeof BUNDLES,
  words: readonly string[],
  { env = {}, clone = THIS, cpus }: Running = {},
): string {
  const programs = join(clone, 'dist')
  const bundle = BUNDLES[program].map((word) => (word.startsWith('--') ? word : join(programs, word)))
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', ...bundle, ...words]
  const [file = '', ...rest] = cpus === undefined ? command : ['taskset', '-c', cpus, ...command]
  return execFileSync(file, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, NODE_COMPILE_CACHE: join(programs, '.cache'), ...env },
  })
}

export function start({ root }: Home, running?: Running): void {
  run('strongroom', ['start', '--home', root, '--listen', '127.0.0.1:0', '--detach'], running)
}

export function stop({ root }: Home): void {
  run('strongroom', ['stop', '--home', root])
}

export type Place = { readonly world: World; close(): Promise<void> }

/** An engine on the embedded store, in this process. */
export async function inProcess(): Promise<Place> {
  const { hsm, close } = await onSqlite()
  return { world: await createWorld(hsm), close }
}

export type Remote = Place & {
  readonly home: Home
  /** Of its process. */
  readonly pid: number | undefined
  /** The same, reached by one protocol. */
  over(protocol: NonNullable<ConnectOptions['protocols']>[number]): World
}

/** The bundled program in a process of its own, reached as every client reaches it. */
export async function behindHttps(running?: Running): Promise<Remote> {
  const { home, remove } = temporaryHome()
  start(home, running)
  const hsm = clientOf(home)
  const world = await createWorld(hsm)
  const others: RemoteHsm[] = []
  return {
    home,
    pid: readRunning(home)?.pid,
    world,
    over(protocol) {
      const other = clientOf(home, { protocols: [protocol] })
      others.push(other)
      return {
        ...world,
        hsm: other,
        as: (who, operation, request) => other.call(operation, request, world.token(who)),
      }
    },
    async close() {
      for (const each of [hsm, ...others]) each.close()
      stop(home)
      remove()
    },
  }
}
