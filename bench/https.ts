/**
 * `npm run bench:https`: signatures over HTTP/2 and frames, with what each takes of the processors: in the HSM, and in the client, which
 * is this process.
 *
 *   npm run bench:https -- [--before DIR]
 *
 * `--before` compares with an earlier version, as `npm run bench` does.
 */
import { parseArgs } from 'node:util'
import { FRAMES_PROTOCOL } from '../src/contract/wire.ts'
import { signing } from './signing.ts'
import { goalsOf, printGoals, printLoad, printMachine, printRace } from './table.ts'
import { behindHttps } from './world.ts'

const { values: chosen } = parseArgs({ options: { before: { type: 'string' } } })

await printMachine()
const there = await behindHttps()
const before = chosen.before === undefined ? undefined : await behindHttps({ clone: chosen.before })
try {
  const compared = await signing(
    { there, ways: { 'HTTP/2': there.over('h2'), frames: there.over(FRAMES_PROTOCOL) }, before },
    { rounds: 5, ms: 400 },
  )
  await printLoad('Afterwards')
  printGoals(compared.flatMap(([title, standings]) => goalsOf(title, standings)))
  for (const race of compared) printRace(...race)
} finally {
  await there.close()
  await before?.close()
}
