import type { CatalogView } from '../../catalog/catalog.ts'
import type { Checked, Reply } from '../../contract/operations.ts'
import { type KeyRecord, recordKey, type UserRecord } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import { type Rights, rightsOf } from '../../policy/key-rights/rights.ts'
import { readsAll } from '../../policy/key-visibility.ts'
import type { Parts } from '../parts.ts'
import type { Facts } from '../pipeline/facts.ts'
import { answer } from '../pipeline/pipeline.ts'
import { shownKey } from '../reply/key-object.ts'

/** Users who have the same rights to a key, and one of them. */
type Party = {
  readonly who: Reply<'key.describe'>['rights'][number]['who']
  readonly usernames: readonly string[]
  readonly actor: Actor
}

/** An admin is told no more than `key list` tells, and what admins can do. */
export const keyDescribe = answer<'key.describe'>({ read: describe })

function describe(
  { view, actor, key, cluster, circumstances, room }: Facts<'key.describe'>,
  _request: Checked<'key.describe'>,
  parts: Parts,
): Decision<Reply<'key.describe'>> {
  const full = readsAll(actor)
  const covers = parts.cluster.coverage()
  const matter = { key, cluster, circumstances, room, synchronized: covers(recordKey(key)) }
  return allow({
    key: shownKey(actor, view, key, covers),
    rights: (full ? partiesTo(view, key) : [ADMINS]).map(({ who, usernames, actor }) => ({
      who,
      usernames: [...usernames],
      ...grouped(rightsOf({ ...matter, actor })),
    })),
  })
}

/** Anyone who is not named: nobody has this id. */
const anyone = (role: Actor['role']): Actor => ({ id: '', username: '', role, session: '' })
const OTHERS: Party = { who: 'other-crypto-users', usernames: [], actor: anyone('crypto-user') }
const ADMINS: Party = { who: 'admins', usernames: [], actor: anyone('admin') }

function partiesTo(view: CatalogView, { owner, sharedWith }: KeyRecord): readonly Party[] {
  const holders = [
    ['owner', [owner]],
    ['shared-users', sharedWith],
  ] as const
  const named = holders.flatMap(([who, ids]): readonly Party[] => {
    const users = ids.flatMap((id) => view.user(id) ?? [])
    const [first] = users
    return first ? [{ who, usernames: users.map(({ username }) => username), actor: actorOf(first) }] : []
  })
  return [...named, OTHERS, ADMINS]
}

const actorOf = ({ id, username, role }: UserRecord): Actor => ({ id, username, role, session: '' })

/** What is refused for one reason stands together. */
function grouped({ standing, allowed, refused }: Rights) {
  const reasons = new Map<string, string[]>()
  for (const { operation, reason } of refused) {
    reasons.set(reason, [...(reasons.get(reason) ?? []), operation])
  }
  return {
    standing,
    allowed: [...allowed],
    refused: [...reasons].map(([reason, operations]) => ({ reason, operations })),
  }
}
