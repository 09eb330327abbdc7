/**
 * `npm run bench:pkcs11`: what a PKCS#11 program gets from Strongroom, and from SoftHSM2 as a library and at the same
 * distance. Needs softhsm2, p11-kit, p11-kit-modules, libp11-kit-dev and gcc.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, type Sample } from './measure.ts'
import { compileClient, type Load } from './pkcs11/client.ts'
import { contenders } from './pkcs11/contenders.ts'
import { figure, table } from './table.ts'

/** Many and short, so that all tokens see the same of what else the machine does. */
const ROUNDS = 25
const MS = 200

const TITLES = {
  hmac: 'CKM_SHA256_HMAC',
  p256: 'P-256, CKM_ECDSA',
  rsa: 'RSA-2048, CKM_SHA256_RSA_PKCS',
  rtt: 'Round trip, C_GetSessionInfo',
} as const satisfies Record<Load['operation'], string>
const OPERATIONS = Object.keys(TITLES) as Load['operation'][]

const SHAPES = [
  { threads: 1, processes: 1, name: '1 thread' },
  { threads: 4, processes: 1, name: '4 threads' },
  { threads: 1, processes: 4, name: '4 processes' },
] as const

/** By shape: median time as a multiple of that of SoftHSM2 behind p11-kit server, at most. */
const TARGETS: Readonly<Record<Load['operation'], readonly (number | undefined)[]>> = {
  hmac: [1, 0.75, 0.95],
  p256: [0.95, 0.75, 0.95],
  rsa: [0.7, 0.65],
  rtt: [],
}

/** The same: its rate as a multiple of that of SoftHSM2 in the program's own process, at least. */
const TARGETS_IN_PROCESS: Partial<Readonly<Record<Load['operation'], readonly (number | undefined)[]>>> = {
  rsa: [1.2],
}

const HEADER = [
  '',
  'SoftHSM2 in process',
  'behind p11-kit',
  'Strongroom',
  'p50 × behind p11-kit',
  'target',
  'rate × behind p11-kit',
  'rate × in process',
  'target',
]

console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${cpus()[0]?.model}`)
console.log(
  `${ROUNDS} rounds of ${MS} ms; the tokens take turns in each; median times of one operation in ms\n`,
)
const directory = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
const client = compileClient(directory)
const { softhsm, isolated, strongroom, close } = await contenders()
const TOKENS = [softhsm, isolated, strongroom] as const
try {
  for (const token of [softhsm, strongroom]) await client.prepare(token)
  for (const operation of OPERATIONS) {
    const rows: string[][] = []
    for (const [at, { name, ...shape }] of SHAPES.entries()) {
      const rounds = await race({ operation, ...shape })
      const targets = { p50: TARGETS[operation][at], rate: TARGETS_IN_PROCESS[operation]?.[at] }
      rows.push([name, ...columns(rounds, targets)])
    }
    console.log(table(TITLES[operation], HEADER, rows))
    console.log(`Load of the machine: ${loadavg().map(figure).join(', ')} (1, 5 and 15 minutes)\n`)
  }
} finally {
  await close()
  rmSync(directory, { recursive: true, force: true })
}

type Targets = { readonly p50: number | undefined; readonly rate: number | undefined }

/** What each of the tokens did in one round, in their order. */
type Round = readonly Sample[]

async function race(load: Load): Promise<readonly Round[]> {
  const programs = []
  for (const token of TOKENS) programs.push(await client.open(token, load))
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) {
    const round: Sample[] = []
    for (const { work } of programs) round.push(await work(MS))
    rounds.push(round)
  }
  for (const { close } of programs) close()
  return rounds
}

function columns(rounds: readonly Round[], targets: Targets): string[] {
  const over = (value: (softhsm: Sample, isolated: Sample, strongroom: Sample) => number) =>
    median(
      rounds.map(([softhsm, isolated, strongroom]) =>
        value(softhsm as Sample, isolated as Sample, strongroom as Sample),
      ),
    )
  return [
    figure(over((softhsm) => softhsm.p50)),
    figure(over((_, isolated) => isolated.p50)),
    figure(over((_, _isolated, ours) => ours.p50)),
    over((_, isolated, ours) => ours.p50 / isolated.p50).toFixed(2),
    targets.p50 === undefined ? '' : `≤ ${targets.p50.toFixed(2)}`,
    over((_, isolated, ours) => ours.rate / isolated.rate).toFixed(2),
    over((softhsm, _, ours) => ours.rate / softhsm.rate).toFixed(2),
    targets.rate === undefined ? '' : `≥ ${targets.rate.toFixed(2)}`,
  ]
}
