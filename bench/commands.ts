/** Wall time of one-shot commands from the bundle, against the cheapest process Node can be. */
import { execFileSync } from 'node:child_process'
import { makeAes, PASSWORD, reference, type World } from '../test/support/world.ts'
import { median } from './measure.ts'
import { run } from './world.ts'

export type Command = {
  readonly name: string
  readonly min: number
  readonly median: number
  readonly ratio: number
}

export async function commands(world: World, config: string, rounds = 25): Promise<readonly Command[]> {
  const key = await makeAes(world, 'alice', 'one-shot')
  const credentials = {
    CLOUDHSM_ROLE: 'crypto-user',
    CLOUDHSM_PIN: `alice:${PASSWORD}`,
    CLOUDHSM_CLI_CONFIG: config,
  }
  const unshare = [
    'key',
    'unshare',
    '--filter',
    ...reference(key),
    '--username',
    'bob',
    '--role',
    'crypto-user',
  ]
  const contenders: readonly [string, () => void][] = [
    ['node -e 0', () => execFileSync(process.execPath, ['-e', '0'])],
    ['cloudhsm-cli --help', () => run('cloudhsm-cli', ['--help'])],
    ['cloudhsm-cli key unshare …', () => run('cloudhsm-cli', unshare, credentials)],
  ]
  const times: number[][] = contenders.map(() => [])
  for (let round = -2; round < rounds; round++) {
    await world.as('alice', 'key.share', { filter: reference(key), usernames: ['bob'], role: 'crypto-user' })
    for (const [at, [, command]] of contenders.entries()) {
      const start = performance.now()
      command()
      if (round >= 0) times[at]?.push(performance.now() - start)
    }
  }
  const base = times[0] ?? []
  return contenders.map(([name], at) => {
    const mine = times[at] ?? []
    const ratio = median(mine.map((time, round) => time / (base[round] ?? Number.NaN)))
    return { name, min: Math.min(...mine), median: median(mine), ratio }
  })
}
