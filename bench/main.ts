/** `npm run bench`: every figure in one run, on one machine, so that the ratios mean something. */
import { cpus } from 'node:os'
import { commands } from './commands.ts'
import { keyUseJournal } from './key-use-journal.ts'
import { management } from './management.ts'
import type { Standing } from './measure.ts'
import { selection, startUp } from './scale.ts'
import { signing } from './signing.ts'
import { figure, table } from './table.ts'
import { behindHttps, inProcess } from './world.ts'

console.log(
  `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, ${cpus().length} × ${cpus()[0]?.model}\n`,
)
await throughput()
printRace(...(await keyUseJournal()))
print(
  'Many keys',
  ['', 'p50 ms', 'p99 ms'],
  [...(await selection()), ...(await startUp())].map(({ name, p50, p99 }) => [
    name,
    figure(p50),
    figure(p99),
  ]),
)

async function throughput(): Promise<void> {
  const here = await inProcess()
  const there = await behindHttps()
  try {
    for (const [title, standings] of await signing(here.world, there.world)) printRace(title, standings)
    for (const [title, standings] of await management(here.world, there.world)) printRace(title, standings)
    const shots = await commands(there.world, there.home.clientConfig)
    print(
      'Whole processes',
      ['', 'min ms', 'median ms', 'ratio'],
      shots.map(({ name, min, median, ratio }) => [name, figure(min), figure(median), ratio.toFixed(2)]),
    )
  } finally {
    await here.close()
    await there.close()
  }
}

function printRace(title: string, standings: readonly Standing[]): void {
  const rows = standings.map(({ name, inFlight, rate, p50, p99, ratio }) => [
    name,
    String(inFlight),
    figure(rate),
    figure(p50),
    figure(p99),
    ratio?.toFixed(2) ?? '–',
  ])
  print(title, ['', 'in flight', 'per second', 'p50 ms', 'p99 ms', 'ratio'], rows)
}

function print(...parts: Parameters<typeof table>): void {
  console.log(table(...parts))
}
