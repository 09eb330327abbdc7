/** Who asks, and whether they may at all, whatever it is about. */
import type { Access } from '../contract/operations/operation.ts'
import type { UserRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'

/** What of a session says whether it still counts. */
export type SessionFacts = {
  readonly id: string
  /** The credential version of the user that it was begun under. */
  readonly credentialVersion: number
  /** False once it has ended. */
  readonly open: boolean
}

/** Whether a session is open, and was begun under the user's present password, or made that change of password itself. */
export const isCurrent = (session: SessionFacts, user: UserRecord | undefined): boolean =>
  session.open &&
  user !== undefined &&
  (session.credentialVersion === user.credentialVersion || session.id === user.survivingSession)

/** Who asks through a session. */
export function mayAct(session: SessionFacts | undefined, user: UserRecord | undefined): Decision<Actor> {
  if (!session || !user || !isCurrent(session, user)) {
    return deny('not-logged-in', 'The login has ended, log in again')
  }
  return allow({ id: user.id, username: user.username, role: user.role, session: session.id })
}

/** Whoever was logged in when it was asked must be so when it counts. @param session undefined when it was asked without one */
export const mayGoOn = (session: SessionFacts | undefined, user: UserRecord | undefined): Decision<void> =>
  session === undefined || isCurrent(session, user) ? allow(undefined) : deny('not-logged-in')

/** Whether this actor may ask for an operation at all, whatever it is about. */
export function mayAsk(actor: Actor, access: Access): Decision<void> {
  if (access === 'anyone') return allow(undefined)
  if (actor.role === 'nobody') return deny('not-logged-in')
  if (access === 'session' || actor.role === access) return allow(undefined)
  return deny('not-permitted', `Only a user with the role ${access} can do this`)
}
