/** `npm run bench:cluster`: three members of etcd and three HSMs on this machine, healthy and with one of them failing. */
import { cpus } from 'node:os'
import { changes } from './cluster-changes.ts'
import { keyUse } from './cluster-key-use.ts'
import { scale } from './cluster-scale.ts'
import { unsharing } from './cluster-unsharing.ts'
import { figure, table } from './table.ts'

console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}\n`)

for (const fence of [false, true]) {
  print(
    `Unshare, ${fence ? 'clock-free' : 'leases'}`,
    ['', 'measured', 'p50 ms', 'p99 ms', 'max ms'],
    (await unsharing(fence)).map(({ name, count, p50, p99, max }) => [
      name,
      String(count),
      ...[p50, p99, max].map(figure),
    ]),
  )
}
print(
  'P-256 sign over HTTPS, one node',
  ['', 'in flight', 'per second', 'p50 ms', 'p99 ms', 'ratio'],
  (await keyUse()).map(({ name, inFlight, rate, p50, p99, ratio }) => [
    name,
    String(inFlight),
    ...[rate, p50, p99].map(figure),
    ratio?.toFixed(2) ?? '–',
  ]),
)
const { measured, bytesOfEach } = await changes()
print(
  `Shares and unshares; each leaves ${Math.round(bytesOfEach)} bytes in etcd`,
  ['', 'per second', 'p50 ms', 'p99 ms'],
  measured.map(({ name, rate, p50, p99 }) => [name, ...[rate, p50, p99].map(figure)]),
)
print(
  'RSA-2048 keys',
  ['in the cluster', 'start of a node, ms', 'its memory, MB', 'bytes of etcd a key'],
  (await scale()).map(({ keys, startMs, memoryMb, bytesPerKey }) => [
    keys.toLocaleString('en'),
    figure(startMs),
    figure(memoryMb),
    keys === 0 ? '–' : figure(bytesPerKey),
  ]),
)

function print(...parts: Parameters<typeof table>): void {
  console.log(table(...parts))
}
