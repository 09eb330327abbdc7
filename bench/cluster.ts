/**
 * `npm run bench:cluster`: three members of etcd and three HSMs on this machine, healthy and with one of them failing. First what
 * is aimed at, with its peers, then all that was measured.
 */
import { changes } from './cluster-changes.ts'
import { keyUse } from './cluster-key-use.ts'
import { scale } from './cluster-scale.ts'
import { goalsOfUnsharing, type Latency, unsharing } from './cluster-unsharing.ts'
import { goalsOfStarts } from './scale.ts'
import { figure, goalsOf, printGoals, printLoad, printMachine, printRace, printTable } from './table.ts'

const CHANGES = 'Shares and unshares'
const COUNTS = [16_666, 100_000]

await printMachine()
const leases = await unsharing(false)
const clockFree = await unsharing(true)
const used = await keyUse()
const { measured, bytesOfEach } = await changes()
const { sizes, afterwards } = await scale(COUNTS)
await printLoad('Afterwards')
printGoals([...goalsOfUnsharing(leases), ...goalsOf(CHANGES, measured), ...goalsOfStarts('of a node', sizes)])
printUnsharing('leases', leases)
printUnsharing('clock-free', clockFree)
printRace('P-256 sign over HTTPS, one node', used)
printRace(`${CHANGES}; each leaves ${Math.round(bytesOfEach)} bytes in etcd`, measured)
printTable(
  'RSA-2048 keys',
  ['in the cluster', 'start of a node, ms', 'processor s', 'its memory, MB', 'bytes of etcd a key'],
  sizes.map(({ keys, median, processorSeconds, memoryMb, bytesPerKey }) => [
    keys.toLocaleString('en'),
    ...[median, processorSeconds, memoryMb, bytesPerKey].map(figure),
  ]),
)
const { away, all, keys } = afterwards
printTable(
  `A node with ${keys.toLocaleString('en')} RSA-2048 keys`,
  ['', 'ms', 'processor s', 'memory, MB'],
  Object.entries({
    'start after ten commits': away,
    'start, all material to be in memory': all,
    'when all material is there': all.whole,
  }).map(([name, { ms, processorSeconds, memoryMb }]) => [
    name,
    ...[ms, processorSeconds, memoryMb].map(figure),
  ]),
)

function printUnsharing(fence: string, latencies: readonly Latency[]): void {
  const rows = latencies.flatMap(({ bare, ...latency }) => (bare ? [latency, bare] : [latency]))
  printTable(
    `Unshare, ${fence}`,
    ['', 'measured', 'p50 ms', 'p99 ms', 'max ms'],
    rows.map(({ name, count, p50, p99, max }) => [name, String(count), ...[p50, p99, max].map(figure)]),
  )
}
