/** Wall time of one-shot commands, against the cheapest process Node can be. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAes, PASSWORD, reference, type World } from '../test/support/world.ts'
import { interleave, median, medianRatio } from './measure.ts'
import type { Goal } from './table.ts'
import { run, THIS } from './world.ts'

const NODE = 'node -e 0'

type Command = { readonly name: string; readonly run: () => void; readonly target?: string }
export type Shot = Pick<Command, 'name' | 'target'> & {
  /** In milliseconds. */
  readonly min: number
  readonly median: number
  /** Of {@link NODE}. */
  readonly ratio: number
}

export async function commands(world: World, config: string, rounds = 25): Promise<readonly Shot[]> {
  const key = await makeAes(world, 'alice', 'one-shot')
  const env = {
    CLOUDHSM_ROLE: 'crypto-user',
    CLOUDHSM_PIN: `alice:${PASSWORD}`,
    CLOUDHSM_CLI_CONFIG: config,
  }
  const filter = ['--filter', ...reference(key)]
  const unshare = ['key', 'unshare', ...filter, '--username', 'bob', '--role', 'crypto-user']
  const agent = startAgent()
  const installed = packageOf(THIS)
  const contenders: readonly Command[] = [
    { name: NODE, run: () => void execFileSync(process.execPath, ['-e', '0']) },
    { name: 'cloudhsm-cli --help', run: () => inPackage(installed, ['--help'], {}) },
    {
      name: 'key unshare, bundle',
      run: () => inPackage(installed, unshare, env),
      target: '≤ 3.3',
    },
    {
      name: 'key unshare, clone',
      run: () => inPackage(THIS, unshare, env),
      target: '≤ 4.0',
    },
    {
      name: 'key unshare, with an agent',
      run: () => inPackage(installed, unshare, { ...env, ...agent }),
      target: '≤ 1.6',
    },
  ]
  const measured = interleave(contenders, rounds, async (command) => {
    if (command.target !== undefined) {
      await world.as('alice', 'key.share', {
        filter: reference(key),
        usernames: ['bob'],
        role: 'crypto-user',
      })
    }
    const begun = performance.now()
    command.run()
    return performance.now() - begun
  })
  const taken = await measured.finally(() => {
    run('cloudhsm-cli', ['agent', 'stop'], { env: agent })
    rmSync(installed, { recursive: true })
  })
  const [base = []] = taken
  return contenders.map(({ name, target }, at) => {
    const mine = taken[at] ?? []
    const shot = { name, min: Math.min(...mine), median: median(mine), ratio: medianRatio(mine, base) }
    return target === undefined ? shot : { ...shot, target }
  })
}

/** What the environment has for it. */
function startAgent(): NodeJS.ProcessEnv {
  const line = run('cloudhsm-cli', ['agent', 'start'])
  const [, socket] = /STRONGROOM_AGENT_SOCK='([^']+)'/.exec(line) ?? []
  return { STRONGROOM_AGENT_SOCK: socket }
}

/** Programs as npm installs them, without their sources. */
function packageOf(clone: string): string {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-package-'))
  for (const path of ['bin', 'dist', 'package.json'])
    cpSync(join(clone, path), join(root, path), { recursive: true })
  symlinkSync(join(clone, 'node_modules'), join(root, 'node_modules'))
  return root
}

/** Through the launcher, as a user does. */
function inPackage(root: string, words: readonly string[], env: NodeJS.ProcessEnv): void {
  execFileSync(join(root, 'bin', 'cloudhsm-cli'), words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  })
}

export const goalsOfShots = (shots: readonly Shot[]): readonly Goal[] => {
  const figure = shots.find(({ name }) => name === NODE)?.median ?? Number.NaN
  return shots.flatMap(({ name, median, ratio, target }) =>
    target === undefined
      ? []
      : [{ name: `${name}, ms`, ours: median, target, peer: { name: NODE, figure, ratio } }],
  )
}
