import { type CallSource, LOCAL } from '../../contract/call-source.ts'
import type { OperationName } from '../../contract/operations.ts'
import { mayAct } from '../../policy/access.ts'
import { NOBODY } from '../../policy/actor.ts'
import type { Session } from '../../session/sessions.ts'
import type { Call } from '../call.ts'
import type { Parts } from '../parts.ts'
import { granted } from './granted.ts'

/** Also by an HSM whose state may be out of date: what is asked to find out why, and the end of a session. */
const ALWAYS_ANSWERED: ReadonlySet<OperationName> = new Set([
  'cluster.hsm-info',
  'cluster.status',
  'session.logout',
])

/** Whose calls these are, and from where: `session` is that of the token, which may have ended since. */
export type Asker = {
  readonly loggedIn: boolean
  readonly session: Session | undefined
  readonly source: CallSource
}

/** @param token as it was presented; undefined: nobody asks. A token that is no good asks for nothing either */
export const askerOf = (
  { sessions }: Parts,
  token: string | undefined,
  source: CallSource = LOCAL,
): Asker => ({
  loggedIn: token !== undefined,
  session: token === undefined ? undefined : sessions.find(token),
  source,
})

/**
 * Who asks, as things are now. Whether they may at all comes next, before anything that costs, as does looking at the request.
 *
 * @throws HsmError `not-serving` or `not-logged-in`
 */
export function whoAsks(
  { cluster, sessions, store }: Parts,
  operation: OperationName,
  { loggedIn, session, source }: Asker,
): Call {
  if (!ALWAYS_ANSWERED.has(operation)) cluster.serving.check()
  if (!loggedIn) return { actor: NOBODY, session: undefined, source }
  const standing = session && sessions.touch(session) ? session : undefined
  const actor = granted(mayAct(standing, standing && store.catalog.user(standing.user)))
  return { actor, session: standing, source }
}

/** Id of the user whose session `whoAsks` would still find good, which is not used by that. */
export const userOf = ({ sessions, store }: Parts, { session }: Asker): string | undefined =>
  session && sessions.stands(session) && mayAct(session, store.catalog.user(session.user)).allow
    ? session.user
    : undefined
