/** An HSM that only answers what it was told to, and keeps what it was asked: both as they travel, bytes in base64. */
import * as v from 'valibot'
import { HsmError } from '../../src/contract/errors.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import { OPERATIONS, type OperationName } from '../../src/contract/operations.ts'
import { wireJson } from '../../src/contract/wire-json.ts'

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
  const call = async (operation: OperationName, request: object, session?: string) => {
    asked.push({ operation, request: JSON.parse(wireJson(request)), session })
    const reply = known[operation] ?? new HsmError('unknown-operation')
    if (reply instanceof Error) throw reply
    return received(operation, typeof reply === 'function' ? reply() : reply)
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

/** A reply that is not whole is left as it is. */
function received(operation: OperationName, reply: object): unknown {
  const { success, output } = v.safeParse(OPERATIONS[operation].reply, reply)
  return success ? output : reply
}
