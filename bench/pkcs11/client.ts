/** Runs the measuring program, `client.c`, which is compiled first. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { median, type Sample } from '../measure.ts'
import type { Token } from './contenders.ts'

/** Until the code is compiled that a server of ours runs. */
const WARM_MS = 1000
const SOURCE = join(import.meta.dirname, 'client.c')

export type Load = {
  readonly operation: 'rsa' | 'p256' | 'hmac' | 'rtt'
  readonly threads: number
  readonly processes: number
}

export type Client = {
  /** Makes the keys on a token. */
  prepare(token: Token): Promise<void>
  /** Programs that are logged in and wait to be told to work. */
  open(token: Token, load: Load): Promise<Programs>
}

export type Programs = {
  /** All of them work for so long. */
  work(ms: number): Promise<Sample>
  close(): void
}

/** @param directory for the program */
export function compileClient(directory: string): Client {
  const program = join(directory, 'client')
  execFileSync('gcc', ['-O2', '-I/usr/include/p11-kit-1', '-o', program, SOURCE, '-lpthread', '-ldl'])
  const start = ({ module, pin, env }: Token, operation: string, threads: number) =>
    spawn(program, [module, pin, operation, String(threads)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    })

  async function openOne(token: Token, { operation, threads }: Load) {
    const child = start(token, operation, threads)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return {
      async work(ms: number): Promise<readonly number[]> {
        child.stdin.write(`${ms}\n`)
        const { value, done } = await lines.next()
        if (done) throw new Error(`the PKCS#11 program at ${token.name} failed`)
        return String(value).split(' ').map(Number)
      },
      close: () => void child.kill(),
    }
  }

  /** SoftHSM2 loses sight of its keys now and then when several processes begin. */
  async function warmOne(token: Token, load: Load, tries = 5) {
    const one = await openOne(token, load)
    try {
      await one.work(WARM_MS)
      return one
    } catch (error) {
      if (tries === 1) throw error
      return warmOne(token, load, tries - 1)
    }
  }

  return {
    async prepare(token) {
      const [code] = await once(start(token, 'prepare', 1), 'exit')
      if (code !== 0) throw new Error(`there can be no keys at ${token.name}`)
    },
    async open(token, load) {
      const programs: Awaited<ReturnType<typeof openOne>>[] = []
      for (let count = 0; count < load.processes; count += 1) programs.push(await warmOne(token, load))
      return {
        async work(ms) {
          const said = await Promise.all(programs.map(({ work }) => work(ms)))
          const column = (at: number) => said.map((figures) => figures[at] ?? Number.NaN)
          return {
            rate: column(0).reduce((sum, rate) => sum + rate, 0),
            p50: median(column(1)) / 1000,
            p99: Math.max(...column(2)) / 1000,
          }
        },
        close() {
          for (const { close } of programs) close()
        },
      }
    },
  }
}
