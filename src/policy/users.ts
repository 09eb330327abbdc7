import type { Capacity } from '../contract/limits.ts'
import type { Role } from '../contract/users.ts'
import type { ClusterRecord, LoginRecord, UserRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny, type Refusal } from './decision.ts'
import { survives } from './login.ts'

type Named = { readonly username: string; readonly role: Role }

/** The new user, but for what is made for it: an id, and a password. */
export function mayCreateUser(
  { username, role }: Named,
  has: { readonly namesake: UserRecord | undefined; readonly users: readonly UserRecord[] },
  capacity: Capacity,
): Decision<Omit<UserRecord, 'id' | 'password'>> {
  if (has.namesake) return deny('user-exists')
  if (has.users.length >= capacity.users) return deny('user-capacity')
  return allow({
    kind: 'user',
    username,
    role,
    wrongPasswords: 0,
    credentialVersion: 1,
    survivingSession: undefined,
    ordinal: 1 + has.users.reduce((last, other) => Math.max(last, other.ordinal), 0),
  })
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
export function mayDeleteUser(
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
export function mayLogoutUser(
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
 * @returns the user as it will be, but for the new password
 */
export function mayChangePassword(
  actor: Actor,
  wanted: Forced,
  { user, loggedInOn, login }: Held & OwnLogin,
): Decision<UserRecord> {
  const own = user?.id === actor.id
  if (!own && actor.role !== 'admin')
    return deny('not-permitted', 'Only an admin can change the password of another user')
  if (user?.role !== wanted.role) return deny('user-not-found')
  if (!own && loggedInOn !== undefined && !wanted.force) return loggedIn(loggedInOn)
  const changed: UserRecord = {
    ...user,
    credentialVersion: user.credentialVersion + 1,
    survivingSession: own ? actor.session : undefined,
    wrongPasswords: actor.role === 'admin' ? 0 : user.wrongPasswords,
  }
  return allow(changed, ...survives(login, changed))
}

/** Gives the first admin of a new cluster a password. @returns admin and cluster as they will be, but for the password */
export function mayActivate(
  cluster: ClusterRecord,
  admin: UserRecord | undefined,
): Decision<{ readonly admin: UserRecord; readonly cluster: ClusterRecord }> {
  const fresh = cluster.state === 'INITIALIZED' && admin?.role === 'unactivated-admin'
  if (!fresh) return deny('cluster-already-activated')
  return allow({
    admin: { ...admin, role: 'admin', credentialVersion: admin.credentialVersion + 1 },
    cluster: { ...cluster, state: 'ACTIVE' },
  })
}
