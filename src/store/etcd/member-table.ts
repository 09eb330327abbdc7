/** The member keys of the cluster as the watch has brought them. */

import type { Member, MemberChange, MemberKey } from '../../cluster/coordination.ts'
import type { Sealer } from '../sealer.ts'
import { createSubscribers } from '../subscribers.ts'
import type { Keys } from './keys.ts'
import { type Event, Event_EventType, type KeyValue } from './rpc_pb.ts'
import { readMember } from './values.ts'

export interface MemberTable {
  known(prefix: string): readonly Member[]
  /** What the events of one revision change, in the order of the events. */
  changes(revision: number, events: readonly Event[]): readonly MemberChange[]
  apply(changes: readonly MemberChange[]): void
  /** What differs from these, which are all there are at the revision. */
  differences(revision: number, members: readonly Member[]): readonly MemberChange[]
  subscribe(listener: (change: MemberChange) => void): () => void
}

/** @param loaded the member entries of the state that the replica begins with */
export function createMemberTable(keys: Keys, sealer: Sealer, loaded: readonly Member[]): MemberTable {
  const members = new Map<MemberKey, Member>(loaded.map((member) => [member.key, member]))
  const subscribers = createSubscribers<MemberChange>()

  return {
    known: (prefix) => [...members.values()].filter(({ key }) => key.startsWith(prefix)),
    changes: (revision, events) =>
      events.flatMap(({ type, kv }): readonly MemberChange[] => {
        if (!kv) return []
        if (type === Event_EventType.PUT) {
          return toMember(keys, sealer, kv).map((member) => ({ key: member.key, revision, member }))
        }
        const parsed = keys.parse(kv.key)
        return parsed.kind === 'member' ? [{ key: parsed.key, revision, member: undefined }] : []
      }),
    apply(changes) {
      for (const change of changes) {
        if (change.member) members.set(change.key, change.member)
        else members.delete(change.key)
        subscribers.tell(change)
      }
    },
    differences(revision, now) {
      const standing = new Map(now.map((member) => [member.key, member]))
      const gone = [...members.keys()].filter((key) => !standing.has(key))
      const fresh = now.filter(({ key, revision: at }) => members.get(key)?.revision !== at)
      return [
        ...gone.map((key) => ({ key, revision, member: undefined })),
        ...fresh.map((member) => ({ key: member.key, revision: member.revision, member })),
      ]
    },
    subscribe: subscribers.add,
  }
}

/**
 * What stands under a member key; nothing for another key.
 * @throws HsmError `store-damaged` when it is not what a node of this cluster put there
 */
export function toMember(keys: Keys, sealer: Sealer, kv: KeyValue): readonly Member[] {
  const parsed = keys.parse(kv.key)
  if (parsed.kind !== 'member') return []
  const value = readMember(sealer, parsed.key, kv.value)
  return [{ key: parsed.key, value, revision: Number(kv.modRevision), lease: kv.lease }]
}
