import { recordKey, type UserRecord, type Write } from '../../model/records.ts'
import { capacityOf } from '../../policy/capacity.ts'
import { importUser } from '../../policy/replication/destination.ts'
import { takeChallenge } from '../arriving.ts'
import { clusterOf } from '../cluster-state.ts'
import { openUserParcel, type UserParcel } from '../parcels.ts'
import type { Parts } from '../parts.ts'
import { change } from '../pipelines.ts'
import { userInfo } from '../user-info.ts'

export const userImportReplica = change<'user.import-replica', UserParcel, UserRecord>(
  'user.import-replica',
  {
    async prepare(parts, call, { challenge, parcel }) {
      const opened = openUserParcel(parts, takeChallenge(parts, call, challenge), parcel)
      await forgetShares(parts, opened.user.id)
      return opened
    },
    decide: ({ parts, view }, _request, { user }) =>
      importUser(user, {
        namesake: view.userByName(user.username),
        users: view.users(),
        hsms: { liveHsms: parts.cluster.hsms().length },
        capacity: capacityOf(clusterOf(view)),
        staleShares: view.user(user.id) ? 0 : view.keysBySharedUser(user.id).size,
      }),
    subjects: (_request, _user, { user, source }) => [`user/${user.username}`, `cluster/${source.clusterId}`],
    reply: ({ cluster }, _call, user) => ({ user: userInfo(user, cluster.coverage()(recordKey(user))) }),
  },
)

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
