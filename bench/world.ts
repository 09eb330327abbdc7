/** What the benchmarks run on: one HSM in this process and one behind HTTPS in another, each on a temporary home. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Home } from '../src/home/home.ts'
import { clientOf, onSqlite, temporaryHome } from '../test/support/homes.ts'
import { createWorld, type World } from '../test/support/world.ts'

const PROGRAMS = join(import.meta.dirname, '..', 'dist')

/** As the launchers start them. */
const BUNDLES = {
  strongroom: [join(PROGRAMS, 'strongroom.mjs')],
  'cloudhsm-cli': ['--use-openssl-ca', join(PROGRAMS, 'cloudhsm-cli.cjs')],
} as const

/** Runs a bundled program to its end, with the compile cache that its launcher would give it. */
export function run(
  program: keyof typeof BUNDLES,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): void {
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...BUNDLES[program], ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(PROGRAMS, '.cache'), ...env },
  })
}

export const start = ({ root }: Home): void =>
  run('strongroom', ['start', '--home', root, '--listen', '127.0.0.1:0', '--detach'])
export const stop = ({ root }: Home): void => run('strongroom', ['stop', '--home', root])

export type Place = { readonly world: World; close(): Promise<void> }

/** An engine on the embedded store, in this process. */
export async function inProcess(): Promise<Place> {
  const { hsm, close } = await onSqlite()
  return { world: await createWorld(hsm), close }
}

/** The bundled program in a process of its own, reached as every client reaches it. */
export async function behindHttps(): Promise<Place & { readonly home: Home }> {
  const { home, remove } = temporaryHome()
  start(home)
  const hsm = clientOf(home)
  return {
    home,
    world: await createWorld(hsm),
    async close() {
      hsm.close()
      stop(home)
      remove()
    },
  }
}
