/**
 * `npm run bench:pkcs11`: what a PKCS#11 program gets from Strongroom, and from SoftHSM2 as a library and at the same
 * distance. Needs softhsm2, p11-kit, p11-kit-modules, libp11-kit-dev and gcc.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, type Sample } from './measure.ts'
import { compileClient, type Load } from './pkcs11/client.ts'
import { contenders, type Token } from './pkcs11/contenders.ts'
import { figure, table } from './table.ts'

const ROUNDS = 5
const MS = 1000

const TITLES = {
  rsa: 'RSA-2048, CKM_SHA256_RSA_PKCS',
  p256: 'P-256, CKM_ECDSA',
  hmac: 'CKM_SHA256_HMAC',
  rtt: 'Round trip, C_GetSessionInfo',
} as const satisfies Record<Load['operation'], string>

const SHAPES = [
  { threads: 1, processes: 1, name: '1 thread' },
  { threads: 4, processes: 1, name: '4 threads' },
  { threads: 1, processes: 4, name: '4 processes' },
] as const

console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}\n`)
const directory = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
const client = compileClient(directory)
const { softhsm, isolated, strongroom, close } = await contenders()
try {
  for (const token of [softhsm, strongroom]) await client.prepare(token)
  for (const operation of Object.keys(TITLES) as Load['operation'][]) console.log(await compare(operation))
} finally {
  await close()
  rmSync(directory, { recursive: true, force: true })
}

/** The tokens take turns, so that all of them see the same weather. */
async function compare(operation: Load['operation']): Promise<string> {
  const rows: string[][] = []
  for (const { name, ...shape } of SHAPES) {
    const samples = new Map<Token, (Sample | undefined)[]>()
    for (const token of [softhsm, isolated, strongroom]) samples.set(token, [])
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [token, taken] of samples)
        taken.push(await client.measure(token, { operation, ...shape }, MS))
    }
    const ours = samples.get(strongroom) ?? []
    for (const [token, taken] of samples) {
      const good = taken.filter((sample) => sample !== undefined)
      const of = (what: keyof Sample) => figure(median(good.map((sample) => sample[what])))
      const ratios = ours.map((sample, round) => (sample?.rate ?? 0) / (taken[round]?.rate ?? Number.NaN))
      const ratio = median(ratios.filter(Number.isFinite)).toFixed(2)
      const title = `${token.name}, ${name}`
      if (good.length === 0) rows.push([title, 'failed', '', '', ''])
      else rows.push([title, of('rate'), of('p50'), of('p99'), token === strongroom ? '–' : ratio])
    }
  }
  return table(TITLES[operation], ['', 'per second', 'p50 ms', 'p99 ms', 'Strongroom is × as fast'], rows)
}
