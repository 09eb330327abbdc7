/** The shell at a terminal, typed at by a test. */
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Clusters } from '../../src/cli/cluster-clients.ts'
import type { History } from '../../src/cli/shell/history.ts'
import { runShell } from '../../src/cli/shell/shell.ts'
import { terminalSource } from '../../src/cli/shell/source.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import { oneCluster } from './cli.ts'
import { until } from './until.ts'

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
  let look: () => void = () => undefined
  output.on('data', (chunk) => {
    screen += String(chunk)
    look()
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
      let shown: string | undefined
      look = () => {
        const text = stripVTControlCharacters(screen)
        if (shown !== undefined || !shows.test(text)) return
        shown = text
        screen = ''
      }
      if (keys !== '') input.write(keys, encoding)
      look()
      await until(`the screen shows ${shows}`, () => shown !== undefined).catch((error: Error) => {
        throw new Error(`${error.message}, but ${JSON.stringify(screen)}`)
      })
      return shown ?? ''
    },
  }
}
