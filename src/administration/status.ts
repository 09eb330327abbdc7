/** `strongroom status`: whether the HSM of a home serves, what it holds, and how its cluster is. */

import { showAddress } from '../base/listen-address.ts'
import type { Reply } from '../contract/operations.ts'
import type { Home } from '../home/home.ts'
import { type Running, readRunning } from '../home/running.ts'
import { askStatus } from './ask.ts'
import { megabytes } from './key-material.ts'
import { done, notRunning, type Outcome } from './outcome.ts'

type Status = Reply<'cluster.status'>

/**
 * `strongroom status`: exit status 1 unless the HSM of this home serves. Rejects with the HSM's error when it does
 * not answer.
 */
export async function status(home: Home, { json }: { readonly json: boolean }): Promise<Outcome> {
  const running = readRunning(home)
  if (!running) return notRunning(home)
  const found = await askStatus(home, running)
  const text = json
    ? JSON.stringify({ pid: running.pid, address: showAddress(running), ...found }, null, 2)
    : asText(running, found)
  return found.serving === false ? { ...done(text), exit: 1, on: 'stdout' } : done(text)
}

function asText(running: Running, { nodes, barrier, material, serving, ...facts }: Status): string {
  const lines = {
    pid: running.pid,
    address: showAddress(running),
    ...facts,
    ...(serving !== undefined && {
      serving: serving ? 'yes' : 'no, the log says why',
    }),
    ...(material && {
      'key-material': `${material['in-memory']}, of ${material.keys} keys in memory, ${megabytes(material.bytes)}`,
    }),
    ...(barrier && {
      revocations: `${barrier.count} lately, waited ${barrier['p50-ms']} ms (median), ${barrier['max-ms']} ms (longest)`,
    }),
  }
  const table = columns(Object.entries(lines).map(([name, value]) => [name, String(value)]))
  return nodes ? `${table}\n\n${nodeTable(nodes)}` : table
}

const nodeTable = (nodes: NonNullable<Status['nodes']>): string =>
  columns([
    ['HSM', 'ADDRESS', 'VERSION', 'LEASE', 'APPLIED', 'LAG'],
    ...nodes.map((node) => [
      node['hsm-id'],
      node.address,
      node.version,
      node.lease ?? '-',
      String(node['applied-revision'] ?? '-'),
      String(node.lag ?? '-'),
    ]),
  ])

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
