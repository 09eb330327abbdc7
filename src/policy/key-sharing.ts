import type { Role } from '../contract/users.ts'
import type { KeyRecord, UserRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny, type Refusal } from './decision.ts'

/** A user named by the owner; `user` is undefined when there is none with that name and role. */
export type Target = { readonly username: string; readonly user: UserRecord | undefined }

/** Whether keys can be shared with those who are named at all, or taken back from them, whichever keys they are. */
export function mayName(role: Role, targets: readonly Target[]): Decision<void> {
  if (role !== 'crypto-user') return deny('share-role')
  const unknown = targets.find(({ user }) => !user)
  return unknown ? deny('user-not-found', `User ${unknown.username} not found`) : allow(undefined)
}

/** Only the owner shares, only token keys, only with crypto users who do not have the key yet; all targets or none. */
export function shareKey(
  actor: Actor,
  key: KeyRecord,
  role: Role,
  targets: readonly Target[],
): Decision<KeyRecord> {
  const refused = mayManage(actor, key, role)
  if (refused) return refused
  const sharedWith = [...key.sharedWith]
  for (const { username, user } of targets) {
    if (!user) return deny('user-not-found', `User ${username} not found`)
    if (user.id === key.owner) return deny('share-owner')
    if (sharedWith.includes(user.id)) return deny('already-shared')
    sharedWith.push(user.id)
  }
  return put({ ...key, sharedWith })
}

/** Only the owner unshares, from users who have the key; all targets or none. */
export function unshareKey(
  actor: Actor,
  key: KeyRecord,
  role: Role,
  targets: readonly Target[],
): Decision<KeyRecord> {
  const refused = mayManage(actor, key, role)
  if (refused) return refused
  const leaving = new Set<string>()
  for (const { username, user } of targets) {
    if (!user) return deny('user-not-found', `User ${username} not found`)
    if (!key.sharedWith.includes(user.id)) return deny('not-shared')
    leaving.add(user.id)
  }
  return put({ ...key, sharedWith: key.sharedWith.filter((id) => !leaving.has(id)) })
}

function mayManage(actor: Actor, key: KeyRecord, role: Role): Refusal | undefined {
  if (actor.role !== 'crypto-user' || key.owner !== actor.id) return deny('not-owner')
  if (role !== 'crypto-user') return deny('share-role')
  if (!key.flags.token) return deny('session-key')
  return undefined
}

const put = (key: KeyRecord): Decision<KeyRecord> => allow(key, { put: key })
