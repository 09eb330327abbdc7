import type { Role } from '../contract/users.ts'
import type { KeyRecord, UserRecord } from '../model/records.ts'
import { allow, type Decision, deny } from './decision.ts'
import type { About, Target } from './facts.ts'
import { owns } from './key-visibility.ts'

type Sharing = About<'actor' | 'key' | 'users'>
type Named = { readonly role: Role }

/** Whether keys can be shared with those who are named at all, or taken back from them, whichever keys they are. */
export function mayName({ users }: About<'users'>, { role }: Named): Decision<void> {
  if (role !== 'crypto-user') return deny('share-role')
  const holders = holdersOf(users)
  return holders.allow ? allow(undefined) : holders
}

/** Only the owner shares, only token keys, only with crypto users who do not have the key yet; all targets or none. */
export function mayShareKey(facts: Sharing, named: Named): Decision<KeyRecord> {
  const { key } = facts
  const holders = mayManage(facts, named)
  if (!holders.allow) return holders
  const sharedWith = [...key.sharedWith]
  for (const user of holders.result) {
    if (user.id === key.owner) return deny('share-owner')
    if (sharedWith.includes(user.id)) return deny('already-shared')
    sharedWith.push(user.id)
  }
  return put({ ...key, sharedWith })
}

/** Only the owner unshares, from users who have the key; all targets or none. */
export function mayUnshareKey(facts: Sharing, named: Named): Decision<KeyRecord> {
  const { key } = facts
  const holders = mayManage(facts, named)
  if (!holders.allow) return holders
  const leaving = new Set<string>()
  for (const user of holders.result) {
    if (!key.sharedWith.includes(user.id)) return deny('not-shared')
    leaving.add(user.id)
  }
  return put({ ...key, sharedWith: key.sharedWith.filter((id) => !leaving.has(id)) })
}

function mayManage({ actor, key, users }: Sharing, { role }: Named): Decision<readonly UserRecord[]> {
  if (!owns(actor, key)) return deny('not-owner')
  if (role !== 'crypto-user') return deny('share-role')
  if (!key.flags.token) return deny('session-key')
  return holdersOf(users)
}

/** Keys are shared with crypto users: a name that belongs to anyone else is a name not found. */
export function holdersOf(targets: readonly Target[]): Decision<readonly UserRecord[]> {
  const unknown = targets.find(({ user }) => user?.role !== 'crypto-user')
  if (unknown) return deny('user-not-found', `User ${unknown.username} not found`)
  return allow(targets.flatMap(({ user }) => user ?? []))
}

const put = (key: KeyRecord): Decision<KeyRecord> => allow(key, { put: key })
