/** The head of a request: which operation, and whose session. */
import { isOperation } from '../contract/check.ts'
import { HsmError } from '../contract/errors.ts'
import type { OperationName } from '../contract/operations.ts'
import { BINDING_HEADER, BINDING_VALUE, PATH_PREFIX } from '../contract/wire.ts'
import type { Incoming } from './wire.ts'

/** What is known before anything of the body is read. */
export type Head = {
  readonly operation: OperationName
  /** Of the session that asks. */
  readonly token: string | undefined
  /** The session is to end with the connection. */
  readonly bound: boolean
}

/** Undefined when the path names no operation. */
export function operationOf({ url = '' }: Incoming): OperationName | undefined {
  const name = url.slice(PATH_PREFIX.length)
  return url.startsWith(PATH_PREFIX) && isOperation(name) ? name : undefined
}

/** @throws HsmError `unknown-operation`, `invalid-request` or `not-logged-in` */
export function readHead(request: Incoming): Head {
  const operation = operationOf(request)
  if (operation === undefined) throw new HsmError('unknown-operation')
  checkContentType(request)
  return { operation, ...credentials(request) }
}

function checkContentType({ headers }: Incoming): void {
  const type = headers['content-type'] ?? ''
  // RFC 8259 §11 defines no charset parameter, yet many clients send one.
  if (/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return
  throw new HsmError('invalid-request', 'The content-type must be application/json')
}

function credentials({ headers }: Incoming): Pick<Head, 'token' | 'bound'> {
  const { authorization, [BINDING_HEADER]: binding } = headers
  if (binding !== undefined && binding !== BINDING_VALUE) {
    throw new HsmError('invalid-request', `The header ${BINDING_HEADER} must be: ${BINDING_VALUE}`)
  }
  const bound = binding !== undefined
  if (authorization === undefined) return { token: undefined, bound }
  // RFC 6750 §2.1
  const token = /^Bearer +([A-Za-z0-9._~+/-]{1,256}=*)$/i.exec(authorization)?.[1]
  if (token === undefined) {
    throw new HsmError('not-logged-in', 'The header authorization must be: Bearer and a session token')
  }
  return { token, bound }
}
