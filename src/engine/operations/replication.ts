/** Keys and users that go to a clone of the cluster, or come from one. */
import { type KeyRecord, recordKey, type UserRecord, type WholeKey, type Write } from '../../model/records.ts'
import { capacityOf } from '../../policy/capacity.ts'
import { allow } from '../../policy/decision.ts'
import { mayImportKey, mayImportUser } from '../../policy/replication/destination.ts'
import { mayExportKey, mayExportUser } from '../../policy/replication/source.ts'
import { isApplied } from '../../policy/trusted-wrapping/profile.ts'
import { withSeen } from '../keys/references.ts'
import type { Parts } from '../parts.ts'
import { answer, change } from '../pipeline/pipeline.ts'
import { hasSameMaterial, missingFor, standingAs, takeChallenge } from '../replication/arriving.ts'
import {
  type Challenge,
  cloneFacts,
  type KeyParcel,
  openChallenge,
  openKeyParcel,
  openUserParcel,
  sealChallenge,
  sealKeyParcel,
  sealUserParcel,
  type UserParcel,
  unpacked,
} from '../replication/parcels.ts'
import { shownKey } from '../reply/key-object.ts'
import { userInfo } from '../reply/user-info.ts'

export const replicaChallenge = answer<'replica.challenge'>({
  work: ({ actor }, _request, { parts }) => ({
    challenge: sealChallenge(parts, parts.challenges.make(actor.session)),
  }),
})

type Leaving<Parcel> = { readonly destination: Challenge; readonly parcel: Parcel }

type LeavingKey = { readonly destination: Challenge; readonly material: string }

/** Writes nothing but the audit entry. Users who were deleted here stay behind. */
export const keyExportReplica = change<'key.export-replica', undefined, LeavingKey, Leaving<KeyParcel>>({
  async work({ key }, { challenge }, { parts, note }) {
    const destination = openChallenge(parts, challenge)
    note(`cluster/${destination.clusterId}`)
    return { destination, material: await parts.materials.of(key) }
  },
  change({ view, actor, key }, _request, { parts, made: { destination, material } }) {
    const source = cloneFacts(view)
    const synchronized = !key.flags.token || parts.cluster.coverage()(recordKey(key))
    const may = mayExportKey(actor, key, { here: source, destination, synchronized })
    if (!may.allow) return may
    const holders = [key.owner, ...key.sharedWith].flatMap((id) => view.user(id) ?? [])
    const sharedWith = key.sharedWith.filter((id) => view.user(id))
    const named = holders.map(({ id, username }) => ({ id, username }))
    const whole = { ...key, sharedWith, material }
    return allow({ destination, parcel: { source, key: whole, holders: named } })
  },
  reply: ({ parts }, { destination, parcel }) => ({ parcel: sealKeyParcel(parts, destination, parcel) }),
})

type ArrivingKey = Pick<KeyParcel, 'source' | 'holders'> & {
  readonly arriving: WholeKey
  /** As the key that stood under the reference, if there was one. */
  readonly isSame: boolean | undefined
}

export const keyImportReplica = change<'key.import-replica', undefined, ArrivingKey, KeyRecord>({
  async work({ actor }, { challenge, parcel }, { parts, note }) {
    const opened = openKeyParcel(parts, takeChallenge(parts, actor, challenge), parcel)
    note(recordKey(opened.key))
    note(`cluster/${opened.source.clusterId}`)
    const arriving = unpacked(parts, opened.key)
    return { ...opened, arriving, isSame: await hasSameMaterial(parts, arriving) }
  },
  change({ view, actor, cluster, circumstances, room }, _request, { made }) {
    const { material, ...arriving } = made.arriving
    const key = { ...arriving, madeUnderPolicy: arriving.madeUnderPolicy && isApplied(cluster) }
    return mayImportKey(actor, key, {
      material,
      cluster,
      counted: withSeen(cluster, key.id),
      source: made.source,
      standing: standingAs(view, key, made.isSame),
      missing: missingFor(view, key, made.holders),
      availability: circumstances,
      room,
    })
  },
  reply: ({ parts: { store, cluster }, call: { actor } }, key) => ({
    key: shownKey(actor, store.catalog, key, cluster.coverage()),
  }),
})

/** Writes nothing but the audit entry. */
export const userExportReplica = change<'user.export-replica', undefined, Challenge, Leaving<UserParcel>>({
  work(_facts, { challenge }, { parts, note }) {
    const destination = openChallenge(parts, challenge)
    note(`cluster/${destination.clusterId}`)
    return destination
  },
  change({ view, users: [target] }, { role }, { parts, made: destination }) {
    const user = target?.user
    const source = cloneFacts(view)
    const synchronized = !user || parts.cluster.coverage()(recordKey(user))
    const may = mayExportUser(user, role, { here: source, destination, synchronized })
    return may.allow ? allow({ destination, parcel: { source, user: may.result } }) : may
  },
  reply: ({ parts }, { destination, parcel }) => ({ parcel: sealUserParcel(parts, destination, parcel) }),
})

export const userImportReplica = change<'user.import-replica', undefined, UserParcel, UserRecord>({
  async work({ actor }, { challenge, parcel }, { parts, note }) {
    const opened = openUserParcel(parts, takeChallenge(parts, actor, challenge), parcel)
    note(`user/${opened.user.username}`)
    note(`cluster/${opened.source.clusterId}`)
    await forgetShares(parts, opened.user.id)
    return opened
  },
  change: ({ view, cluster, circumstances }, _request, { made: { user } }) =>
    mayImportUser(user, {
      namesake: view.userByName(user.username),
      users: view.users(),
      hsms: circumstances,
      capacity: capacityOf(cluster),
      staleShares: view.user(user.id) ? 0 : view.keysBySharedUser(user.id).size,
    }),
  reply: ({ parts: { cluster } }, user) => ({ user: userInfo(user, cluster.coverage()(recordKey(user))) }),
})

/** As many as fit into one commit, on etcd too. */
const AT_ONCE = 100

/**
 * Keys keep the ids of deleted users until they are next written, which means nothing as long as an id is not used again.
 * Here one is about to be.
 */
async function forgetShares({ store }: Pick<Parts, 'store'>, id: string): Promise<void> {
  for (;;) {
    const { result } = await store.transact((view) => {
      const keys = view.user(id) ? [] : [...view.keysBySharedUser(id)].slice(0, AT_ONCE)
      const writes = keys.flatMap((reference): readonly Write[] => {
        const key = view.key(reference)
        return key ? [{ put: { ...key, sharedWith: key.sharedWith.filter((user) => user !== id) } }] : []
      })
      return { writes, audit: [], result: writes.length }
    })
    if (result < AT_ONCE) return
  }
}
