import type { CallSource } from '../../contract/call-source.ts'
import type { OperationName } from '../../contract/operations.ts'
import { mayAct } from '../../policy/access.ts'
import { NOBODY } from '../../policy/actor.ts'
import type { Call } from '../call.ts'
import type { Parts } from '../parts.ts'
import { granted } from './granted.ts'

/** Also by an HSM whose state may be out of date: what is asked to find out why, and the end of a session. */
const ALWAYS_ANSWERED: ReadonlySet<OperationName> = new Set([
  'cluster.hsm-info',
  'cluster.status',
  'session.logout',
])

/**
 * Who asks. Whether they may at all comes next, before anything that costs, as does looking at the request.
 *
 * @throws HsmError `not-serving` or `not-logged-in`
 */
export function whoAsks(
  parts: Parts,
  operation: OperationName,
  token: string | undefined,
  source: CallSource,
): Call {
  if (!ALWAYS_ANSWERED.has(operation)) parts.cluster.serving.check()
  return { ...who(parts, token), source }
}

function who({ sessions, store }: Parts, token: string | undefined): Omit<Call, 'source'> {
  if (token === undefined) return { actor: NOBODY, session: undefined }
  const session = sessions.resolve(token)
  return { actor: granted(mayAct(session, session && store.catalog.user(session.user))), session }
}
