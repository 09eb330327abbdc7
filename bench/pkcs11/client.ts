/** Runs the measuring program, `client.c`, which is compiled first. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Sample } from '../measure.ts'
import type { Token } from './contenders.ts'

const SOURCE = join(import.meta.dirname, 'client.c')

export type Load = {
  readonly operation: 'rsa' | 'p256' | 'hmac' | 'rtt'
  readonly threads: number
  readonly processes: number
}

export type Client = {
  /** Makes the keys on a token. */
  prepare(token: Token): Promise<void>
  /** Undefined when the token failed: SoftHSM2 loses sight of its keys when several processes begin at once. */
  measure(token: Token, load: Load, ms: number): Promise<Sample | undefined>
}

/** @param directory for the program */
export function compileClient(directory: string): Client {
  const program = join(directory, 'client')
  execFileSync('gcc', ['-O2', '-I/usr/include/p11-kit-1', '-o', program, SOURCE, '-lpthread', '-ldl'])
  const run = async ({ module, pin, env }: Token, ...words: readonly string[]): Promise<string> => {
    const child = spawn(program, [module, pin, ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (code !== 0) throw new Error(`the PKCS#11 client failed with status ${code}`)
    return said
  }
  return {
    prepare: async (token) => void (await run(token, 'prepare', '1', '0')),
    async measure(token, { operation, threads, processes }, ms) {
      const runs = Array.from({ length: processes }, () => run(token, operation, String(threads), String(ms)))
      const settled = await Promise.allSettled(runs)
      if (settled.some(({ status }) => status === 'rejected')) return undefined
      const said = (await Promise.all(runs)).map((line) => line.trim().split(' ').map(Number))
      const column = (at: number) => said.map((figures) => figures[at] ?? Number.NaN)
      return {
        rate: column(0).reduce((sum, rate) => sum + rate, 0),
        p50: Math.max(...column(1)) / 1000,
        p99: Math.max(...column(2)) / 1000,
      }
    },
  }
}
