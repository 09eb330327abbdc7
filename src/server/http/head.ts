/** The head of an HTTP request: which operation, and whose session. */
import type { IncomingHttpHeaders } from 'node:http'
import { isOperation } from '../../contract/check.ts'
import { HsmError } from '../../contract/errors.ts'
import { BINDING_HEADER, BINDING_VALUE, PATH_PREFIX } from '../../contract/wire.ts'
import type { Head } from '../exchange.ts'

/** What HTTP/1.1 and HTTP/2 have in common. */
export type HttpHead = {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Never throws: what is wrong with it is the reason why the request is refused. */
export function readHead({ method, path = '', headers }: HttpHead): Head {
  const name = path.slice(PATH_PREFIX.length)
  const operation = path.startsWith(PATH_PREFIX) && isOperation(name) ? name : undefined
  const named = { operation, token: undefined, bound: false }
  if (method !== 'POST') return { ...named, refused: invalid('The method must be POST') }
  if (operation === undefined) return named
  // RFC 8259 §11 defines no charset parameter, yet many clients send one.
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(headers['content-type'] ?? '')) {
    return { ...named, refused: invalid('The content-type must be application/json') }
  }
  const { authorization, [BINDING_HEADER]: binding } = headers
  if (binding !== undefined && binding !== BINDING_VALUE) {
    return { ...named, refused: invalid(`The header ${BINDING_HEADER} must be: ${BINDING_VALUE}`) }
  }
  const bound = binding !== undefined
  if (authorization === undefined) return { operation, token: undefined, bound }
  // RFC 6750 §2.1
  const token = /^Bearer +([A-Za-z0-9._~+/-]{1,256}=*)$/i.exec(authorization)?.[1]
  if (token !== undefined) return { operation, token, bound }
  const message = 'The header authorization must be: Bearer and a session token'
  return { ...named, refused: new HsmError('not-logged-in', message) }
}

const invalid = (message: string) => new HsmError('invalid-request', message)
