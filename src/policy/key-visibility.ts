import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { allow, type Decision, deny } from './decision.ts'

/** Whose key it is. */
export const owns = (actor: Actor, key: Pick<KeyRecord, 'owner'>): boolean =>
  actor.role === 'crypto-user' && key.owner === actor.id

/** A right to the key itself: its owner, or a user it is shared with. */
export const holds = (actor: Actor, key: KeyRecord): boolean =>
  owns(actor, key) || (actor.role === 'crypto-user' && key.sharedWith.includes(actor.id))

/**
 * Which keys exist for an actor: a crypto user finds own keys, shared keys and all public keys; an admin finds every
 * key (and is shown references and labels only).
 */
export function sees(actor: Actor, key: KeyRecord): boolean {
  if (actor.role === 'admin') return true
  return actor.role === 'crypto-user' && (key.keyClass === 'public-key' || holds(actor, key))
}

/** Whether an actor who sees a key is shown all of it; otherwise reference and label only. */
export const readsAll = (actor: Actor): boolean => actor.role === 'crypto-user'

/** How a key stands to a user who sees it. */
export type Standing = 'own' | 'shared' | 'other'

/** `own`, `shared`, or `other` for keys that the actor can only see. */
export function standing(actor: Actor, key: KeyRecord): Standing {
  if (!holds(actor, key)) return 'other'
  return owns(actor, key) ? 'own' : 'shared'
}

/**
 * What is one's own comes before what is shared, and that before what is public: whoever takes the first key of a name
 * takes nobody's key for their own. The order within each is kept.
 */
export function nearestFirst<K extends KeyRecord>(actor: Actor, keys: readonly K[]): readonly K[] {
  const { own = [], shared = [], other = [] } = Object.groupBy(keys, (key) => standing(actor, key))
  return [...own, ...shared, ...other]
}

/** Admins are not shown who holds a key, and cannot find out by asking for the keys that somebody holds. */
export const maySelectByHolder = (actor: Actor): Decision<void> =>
  actor.role === 'crypto-user'
    ? allow(undefined)
    : deny(
        'not-permitted',
        'Only a crypto-user can select keys by their owner or by whom they are shared with',
      )
