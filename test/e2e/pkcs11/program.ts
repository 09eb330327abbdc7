/** A program of bob's that is still running while its rights change: a process with pkcs11js, which does one call at a time. */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CKR } from '../../../src/pkcs11/cryptoki/returns.ts'
import { needs, type Skip, skipUnlessCi } from './commands.ts'
import type { Payments } from './payments.ts'

/** pkcs11js has a package of its own to be installed in: it is compiled, which nothing that Strongroom depends on is. */
const PACKAGE = join(import.meta.dirname, 'js', 'package.json')
const PATIENCE_MS = 60_000

/** CKF_OS_LOCKING_OK: without it p11-kit refuses arguments of C_Initialize, and pkcs11js always gives some. */
const OS_LOCKING_OK = 2

/** Option `skip` of a suite. */
export const needsPkcs11js = (): Skip =>
  existsSync(join(PACKAGE, '..', 'node_modules'))
    ? needs()
    : skipUnlessCi('pkcs11js is not installed: npm run pkcs11js')

export type Handle = Buffer
export type Value = boolean | number | string | Buffer
export type Attribute = { readonly type: number; readonly value?: Value }
export type Mechanism = { readonly mechanism: number; readonly parameter?: unknown }

export type Program = {
  /** One after another. Rejects with the name of the return value, such as `CKR_PIN_INCORRECT`, as message. */
  call<T = unknown>(name: string, ...given: readonly unknown[]): Promise<T>
  /** The name of the return value with which a call is refused. */
  refusal(name: string, ...given: readonly unknown[]): Promise<string>
  end(): void
  readonly pid: number
}

type Answer = {
  readonly result?: unknown
  readonly refusal?: string
  readonly code?: number
  readonly ended?: string
}

/** pkcs11js does not know all names, and does not split all of its messages, `CKR_PIN_INCORRECT:160`, itself. */
function nameOf({ refusal = '', code }: Answer): string {
  const value = code ?? Number(/^CKR_\w+:(\d+)$/.exec(refusal)?.[1])
  const known = Object.entries(CKR).find((entry) => entry[1] === value)
  return known ? `CKR_${known[0]}` : refusal
}

/** It has called C_Initialize. */
export async function program(t: TestContext, company: Payments): Promise<Program> {
  const pkcs11js = createRequire(PACKAGE).resolve('pkcs11js')
  const child = fork(join(import.meta.dirname, 'program-child.ts'), [pkcs11js, company.module()], {
    env: { ...process.env, ...company.env() },
    serialization: 'advanced',
    timeout: PATIENCE_MS,
  })
  t.after(() => child.kill('SIGKILL'))
  let answered = Promise.withResolvers<Answer>()
  child.on('message', (answer: Answer) => answered.resolve(answer))
  child.on('exit', (code, signal) => answered.resolve({ ended: `the program has ended: ${code ?? signal}` }))
  async function ask(name: string, given: readonly unknown[]): Promise<Answer> {
    answered = Promise.withResolvers()
    child.send({ name, given })
    const answer = await answered.promise
    if (answer.ended !== undefined) throw new Error(answer.ended)
    return answer
  }
  await answered.promise
  const running: Program = {
    async call(name, ...given) {
      const answer = await ask(name, given)
      if (answer.refusal !== undefined) throw new Error(`${name}: ${nameOf(answer)}`)
      return answer.result as never
    },
    async refusal(name, ...given) {
      const answer = await ask(name, given)
      if (answer.refusal === undefined) throw new Error(`${name} was not refused`)
      return nameOf(answer)
    },
    end: () => child.kill(),
    pid: child.pid ?? 0,
  }
  await running.call('C_Initialize', { flags: OS_LOCKING_OK })
  return running
}
