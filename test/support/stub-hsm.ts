/** An HSM that only answers what it was told to, and keeps what it was asked. */
import { HsmError } from '../../src/contract/errors.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import type { OperationName } from '../../src/contract/operations.ts'

export type Asked = {
  readonly operation: OperationName
  readonly request: unknown
  readonly session?: string | undefined
}
export type StubHsm = Hsm & { readonly asked: Asked[] }

/** @param replies by operation; an error is thrown, a function is called; login always works */
export function stubHsm(
  replies: Partial<Record<OperationName, object | Error | (() => object)>> = {},
): StubHsm {
  const asked: Asked[] = []
  const login = { token: 'token', username: 'ines', role: 'crypto-user' }
  const known: typeof replies = { 'session.login': login, 'session.logout': {}, ...replies }
  const call = async (operation: OperationName, request: unknown, session?: string) => {
    asked.push({ operation, request, session })
    const reply = known[operation] ?? new HsmError('unknown-operation')
    if (reply instanceof Error) throw reply
    return typeof reply === 'function' ? reply() : reply
  }
  return { asked, call: call as Hsm['call'] }
}

/** One that gives what resumes a login, and another session for it. */
export const resumableHsm = (replies: Parameters<typeof stubHsm>[0]): StubHsm =>
  stubHsm({
    'session.login': { token: 'token', username: 'ines', role: 'crypto-user', credential: 'credential' },
    'session.resume': { token: 'another', username: 'ines', role: 'crypto-user' },
    ...replies,
  })
