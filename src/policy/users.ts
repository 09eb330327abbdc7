import type { Capacity } from '../contract/limits.ts'
import type { Role } from '../contract/users.ts'
import type { ClusterRecord, UserRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'

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

/** A user who is logged in or owns keys stays. That also keeps the last admin, who has to be logged in to ask. */
export function deleteUser(
  wanted: Named,
  has: { readonly user: UserRecord | undefined; readonly loggedIn: boolean; readonly ownsKeys: boolean },
): Decision<UserRecord> {
  if (has.user?.role !== wanted.role) return deny('user-not-found')
  if (has.loggedIn) return deny('user-logged-in')
  if (has.ownsKeys) return deny('user-owns-keys')
  return allow(has.user, { delete: `user/${has.user.id}` })
}

/**
 * Everyone changes the own password, an admin anyone's; another user's only while that user is not logged in. Sessions
 * begun under the old password end, except the one that asks. An admin's change unlocks.
 *
 * @param password PHC string
 */
export function changePassword(
  actor: Actor,
  wanted: Named & { readonly password: string },
  has: { readonly user: UserRecord | undefined; readonly loggedIn: boolean },
): Decision<UserRecord> {
  const { user } = has
  const own = user?.id === actor.id
  if (!own && actor.role !== 'admin')
    return deny('not-permitted', 'Only an admin can change the password of another user')
  if (user?.role !== wanted.role) return deny('user-not-found')
  if (!own && has.loggedIn) return deny('user-logged-in')
  const changed: UserRecord = {
    ...user,
    password: wanted.password,
    credentialVersion: user.credentialVersion + 1,
    survivingSession: own ? actor.session : undefined,
    wrongPasswords: actor.role === 'admin' ? 0 : user.wrongPasswords,
  }
  return allow(changed, { put: changed })
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
