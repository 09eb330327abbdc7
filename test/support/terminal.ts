/** The shell at a terminal, typed at by a test. */
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Clusters } from '../../src/cli/cluster-clients.ts'
import type { History } from '../../src/cli/shell/history.ts'
import { runShell } from '../../src/cli/shell/shell.ts'
import { terminalSource } from '../../src/cli/shell/source.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import { oneCluster } from './cli.ts'

export const KEYS = {
  enter: '\r',
  tab: '\t',
  up: '\u001b[A',
  ctrlC: '\u0003',
  ctrlD: '\u0004',
  ctrlG: '\u0007',
  ctrlR: '\u0012',
} as const
export const PROMPT = /aws-cloudhsm > $/

/** A terminal at which a person types, and what it shows. */
export function terminal(hsm: Hsm, clusters: Clusters = oneCluster(hsm), history?: History) {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => raw.push(on) })
  const output = Object.assign(new PassThrough(), { columns: 200, rows: 50 })
  let screen = ''
  const waiting = new Set<() => void>()
  output.on('data', (chunk) => {
    screen += String(chunk)
    for (const check of waiting) check()
  })
  const exit = runShell({
    clusters,
    clusterId: undefined,
    openSource: (completer) => terminalSource(input, output, completer, history),
    async print({ text, exit }) {
      output.write(text)
      return exit
    },
  })
  return {
    exit,
    raw,
    end: () => input.end(),
    /** Types, then waits until what the screen shows since the last time matches. */
    async type(keys: string, shows: RegExp, encoding: BufferEncoding = 'utf8'): Promise<string> {
      const { promise, resolve } = Promise.withResolvers<string>()
      const check = () => {
        const text = stripVTControlCharacters(screen)
        if (shows.test(text)) resolve(text)
      }
      waiting.add(check)
      if (keys !== '') input.write(keys, encoding)
      check()
      const shown = await promise
      waiting.delete(check)
      screen = ''
      return shown
    },
  }
}
