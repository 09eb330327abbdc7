/**
 * `npm run bench`: every figure in one run, on one machine, so that the ratios mean something. First what is aimed at, with its
 * peers, then all that was measured.
 *
 *   npm run bench -- [--before DIR] [--million]
 *
 * `--before` compares with an earlier version: a clone of it in DIR, with its packages and after `npm run build`.
 * `--million` starts an HSM with 1,000,000 keys, too, which takes some minutes and 5 GB of disk.
 */
import { parseArgs } from 'node:util'
import { FRAMES_PROTOCOL } from '../src/contract/wire.ts'
import { commands, goalsOfShots } from './commands.ts'
import { keyUseJournal } from './key-use-journal.ts'
import { management } from './management.ts'
import { goalsOfStarts, selection, starts } from './scale.ts'
import { signing } from './signing.ts'
import { figure, goalsOf, printGoals, printLoad, printMachine, printRace, printTable } from './table.ts'
import { behindHttps, inProcess, type Place } from './world.ts'

const { values: chosen } = parseArgs({
  options: { before: { type: 'string' }, million: { type: 'boolean', default: false } },
})
const COUNTS = [0, 16_666, 100_000, ...(chosen.million ? [1_000_000] : [])]

await printMachine()
const { compared, shots } = await throughput()
const journal = await keyUseJournal()
const started = await starts(COUNTS)
await printLoad('Afterwards')
printGoals([
  ...compared.flatMap(([title, standings]) => goalsOf(title, standings)),
  ...goalsOfShots(shots),
  ...goalsOfStarts('on the embedded store', started),
])
for (const race of [...compared, journal]) printRace(...race)
printTable(
  'Whole processes',
  ['', 'min ms', 'median ms', 'ratio'],
  shots.map(({ name, min, median, ratio }) => [name, ...[min, median, ratio].map(figure)]),
)
printTable(
  'Start on the embedded store with RSA-2048 keys',
  ['keys', 'median ms', 'max ms', 'memory MB'],
  started.map(({ keys, median, max, memoryMb }) => [
    keys.toLocaleString('en'),
    ...[median, max, memoryMb].map(figure),
  ]),
)
printTable(
  'Many keys',
  ['', 'p50 ms', 'p99 ms'],
  (await selection()).map(({ name, p50, p99 }) => [name, figure(p50), figure(p99)]),
)

async function throughput() {
  const places: Place[] = []
  const open = async <P extends Place>(opening: Promise<P>): Promise<P> => {
    const place = await opening
    places.push(place)
    return place
  }
  try {
    const { world: here } = await open(inProcess())
    const there = await open(behindHttps())
    const before = chosen.before === undefined ? undefined : await open(behindHttps({ clone: chosen.before }))
    const ways = { 'HTTP/2': there.over('h2'), frames: there.over(FRAMES_PROTOCOL) }
    const signed = await signing({ here, there, ways, before })
    const managed = await management(here, there.world)
    return {
      compared: [...signed, ...managed],
      shots: await commands(there.world, there.home.clientConfig),
    }
  } finally {
    for (const place of places) await place.close()
  }
}
