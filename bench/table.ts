/** What the benchmarks print: on what machine, how loaded it was, tables, and what is aimed at. */
import { cpus, loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { Standing } from './measure.ts'

const LOOK_MS = 1000

/** Says what this is and, as this process does nothing meanwhile, how busy the machine is with other things. */
export async function printMachine(): Promise<void> {
  const { node, openssl } = process.versions
  console.log(`Node ${node}, OpenSSL ${openssl}, ${cpus().length} × ${cpus()[0]?.model}`)
  await printLoad('Before')
}

/** @param when Before or Afterwards */
export async function printLoad(when: string): Promise<void> {
  const before = ticks()
  await setTimeout(LOOK_MS)
  const after = ticks()
  const busy = (after.busy - before.busy) / (after.all - before.all)
  const load = loadavg()[0]?.toFixed(2)
  console.log(
    `${when}, ${(busy * 100).toFixed(0)} % of the processors are busy with other things; load average ${load}\n`,
  )
}

function ticks() {
  let [all, idle] = [0, 0]
  for (const { times } of cpus()) {
    idle += times.idle
    for (const spent of Object.values(times)) all += spent
  }
  return { all, busy: all - idle }
}

/** Columns for a terminal, the first to the left, the others to the right. */
export function table(
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return `${title}\n${line(header)}\n${rule}\n${rows.map(line).join('\n')}\n`
}

export function printTable(...parts: Parameters<typeof table>): void {
  console.log(table(...parts))
}

export function printRace(title: string, standings: readonly Standing[]): void {
  const isTimed = standings.some(({ there }) => !Number.isNaN(there))
  const rows = standings.map(({ name, inFlight, rate, p50, p99, peer, there, here, saving }) => [
    name,
    String(inFlight),
    ...[rate, p50, p99].map(figure),
    peer?.ratio.toFixed(2) ?? '–',
    ...(isTimed ? [there, here, saving].map(figure) : []),
  ])
  const header = ['', 'in flight', 'per second', 'p50 ms', 'p99 ms', 'ratio']
  printTable(title, [...header, ...(isTimed ? ['HSM µs', 'client µs', 'saving'] : [])], rows)
}

/** A figure of ours beside that of its peer in the same run. */
export type Goal = {
  /** What is measured, and in what unit. */
  readonly name: string
  readonly ours: number
  /** Undefined where the figure itself is aimed at. */
  readonly peer?: { readonly name: string; readonly figure: number; readonly ratio: number }
  /** For the ratio, or for the figure where there is none: ≥ 0.85. */
  readonly target: string
}

/** Of the contenders that have a target. */
export const goalsOf = (title: string, standings: readonly Standing[]): readonly Goal[] =>
  standings.flatMap(({ name, inFlight, rate, peer, target }) => {
    if (target === undefined) return []
    const row = { name: `${title}, ${name}, ${inFlight} in flight, per second`, ours: rate, target }
    return [peer ? { ...row, peer: { ...peer, figure: peer.rate } } : row]
  })

export function printGoals(goals: readonly Goal[]): void {
  printTable(
    'What is aimed at',
    ['', 'Strongroom', 'peer', 'ratio', 'target', 'the peer'],
    goals.map(({ name, ours, peer, target }) => [
      name,
      figure(ours),
      peer ? figure(peer.figure) : '–',
      peer?.ratio.toFixed(2) ?? '–',
      target,
      peer?.name ?? '–',
    ]),
  )
}

export const figure = (value: number): string => {
  if (Number.isNaN(value)) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
