import type { Capacity } from '../contract/limits.ts'
import type { Role } from '../contract/users.ts'
import type { ClusterRecord, LoginRecord, UserRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny, type Refusal } from './decision.ts'
import { survives } from './login.ts'

type Named = { readonly username: string; readonly role: Role }

/** @param password PHC string of the new user's password */
export function createUser(
  wanted: Named & { readonly id: string; readonly password: string },
  has: { readonly namesake: UserRecord | undefined; readonly users: readonly UserRecord[] },
  capacity: Capacity,
): Decision<UserRecord> {
  if (has.namesake) return deny('user-exists')
  if (has.users.length >= capacity.users) return deny('user-capacity')
  const user: UserRecord = {
    kind: 'user',
    ...wanted,
    wrongPasswords: 0,
    credentialVersion: 1,
    survivingSession: undefined,
    ordinal: 1 + has.users.reduce((last, other) => Math.max(last, other.ordinal), 0),
  }
  return allow(user, { put: user })
}

/** `force`: the user's logins end, instead of standing in the way. */
type Forced = Named & { readonly force: boolean }

type Held = {
  readonly user: UserRecord | undefined
  /** The HSM that was asked, if the user is logged in there. Logins on other HSMs are not known, and end by the change. */
  readonly loggedInOn: string | undefined
}

/** The login of the session that asks, if it can be resumed. */
type OwnLogin = { readonly login?: LoginRecord | undefined }

const loggedIn = (hsm: string): Refusal =>
  deny(
    'user-logged-in',
    `User is currently logged in on ${hsm}. The logins of a user end by user logout, or by --force`,
  )

/**
 * A user who owns keys stays, and so does one who is logged in, unless that is overruled. Nobody deletes himself: that keeps
 * the last admin.
 */
export function deleteUser(
  actor: Actor,
  wanted: Forced,
  has: Held & { readonly ownsKeys: boolean },
): Decision<UserRecord> {
  const { user, loggedInOn } = has
  if (user?.role !== wanted.role) return deny('user-not-found')
  if (user.id === actor.id) return deny('user-logged-in', 'Users cannot delete themselves')
  if (loggedInOn !== undefined && !wanted.force) return loggedIn(loggedInOn)
  if (has.ownsKeys) return deny('user-owns-keys')
  return allow(user, { delete: `user/${user.id}` })
}

/** Ends every login of a user, on every HSM; one's own all but the one that asks. Others' only as an admin. */
export function logoutUser(
  actor: Actor,
  wanted: Named,
  { user, login }: Pick<Held, 'user'> & OwnLogin,
): Decision<UserRecord> {
  const own = user?.id === actor.id
  if (!own && actor.role !== 'admin')
    return deny('not-permitted', 'Only an admin can end the logins of another user')
  if (user?.role !== wanted.role) return deny('user-not-found')
  const after: UserRecord = {
    ...user,
    credentialVersion: user.credentialVersion + 1,
    survivingSession: own ? actor.session : undefined,
  }
  return allow(after, { put: after }, ...survives(login, after))
}

/**
 * Everyone changes the own password, an admin anyone's; another user's only while that user is not logged in, unless that is
 * overruled. Sessions begun under the old password end, except the one that asks. An admin's change unlocks.
 *
 * @param password PHC string
 */
export function changePassword(
  actor: Actor,
  wanted: Forced & { readonly password: string },
  { user, loggedInOn, login }: Held & OwnLogin,
): Decision<UserRecord> {
  const own = user?.id === actor.id
  if (!own && actor.role !== 'admin')
    return deny('not-permitted', 'Only an admin can change the password of another user')
  if (user?.role !== wanted.role) return deny('user-not-found')
  if (!own && loggedInOn !== undefined && !wanted.force) return loggedIn(loggedInOn)
  const changed: UserRecord = {
    ...user,
    password: wanted.password,
    credentialVersion: user.credentialVersion + 1,
    survivingSession: own ? actor.session : undefined,
    wrongPasswords: actor.role === 'admin' ? 0 : user.wrongPasswords,
  }
  return allow(changed, { put: changed }, ...survives(login, changed))
}

/** Gives the first admin of a new cluster a password. @param password PHC string; undefined if none was made */
export function activate(
  cluster: ClusterRecord,
  admin: UserRecord | undefined,
  password: string | undefined,
): Decision<UserRecord> {
  const fresh = cluster.state === 'INITIALIZED' && admin?.role === 'unactivated-admin'
  if (!fresh || password === undefined) return deny('cluster-already-activated')
  const activated: UserRecord = {
    ...admin,
    role: 'admin',
    password,
    credentialVersion: admin.credentialVersion + 1,
  }
  return allow(activated, { put: activated }, { put: { ...cluster, state: 'ACTIVE' } })
}
