import { recordKey } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { mayExportUser } from '../../policy/replication/source.ts'
import { type Challenge, cloneFacts, openChallenge, sealUserParcel, type UserParcel } from '../parcels.ts'
import { change } from '../pipelines.ts'

type Leaving = { readonly destination: Challenge; readonly parcel: UserParcel }

/** Writes nothing but the audit entry. */
export const userExportReplica = change<'user.export-replica', Challenge, Leaving>('user.export-replica', {
  prepare: async (parts, _call, { challenge }) => openChallenge(parts, challenge),
  decide({ parts, view }, { username, role }, destination) {
    const user = view.userByName(username)
    const source = cloneFacts(view)
    const synchronized = !user || parts.cluster.coverage()(recordKey(user))
    const may = mayExportUser(user, role, { here: source, destination, synchronized })
    return may.allow ? allow({ destination, parcel: { source, user: may.result } }) : may
  },
  subjects: ({ username }, _leaving, { clusterId }) => [`user/${username}`, `cluster/${clusterId}`],
  reply: (parts, _call, { destination, parcel }) => ({ parcel: sealUserParcel(parts, destination, parcel) }),
})
