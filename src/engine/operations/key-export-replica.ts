import { recordKey } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { mayExportKey } from '../../policy/replication/source.ts'
import { type Challenge, cloneFacts, type KeyParcel, openChallenge, sealKeyParcel } from '../parcels.ts'
import { change } from '../pipelines.ts'
import { select } from '../selection.ts'

type Leaving = { readonly destination: Challenge; readonly parcel: KeyParcel }

/** Writes nothing but the audit entry. Users who were deleted here stay behind. */
export const keyExportReplica = change<'key.export-replica', Challenge, Leaving>('key.export-replica', {
  prepare: async (parts, _call, { challenge }) => openChallenge(parts, challenge),
  decide({ parts, view, call }, { filter }, destination) {
    const selected = exactlyOne(select(view, call, filter))
    if (!selected.allow) return selected
    const key = selected.result
    const source = cloneFacts(view)
    const synchronized = !key.flags.token || parts.cluster.coverage()(recordKey(key))
    const may = mayExportKey(call.actor, key, { here: source, destination, synchronized })
    if (!may.allow) return may
    const holders = [key.owner, ...key.sharedWith].flatMap((id) => view.user(id) ?? [])
    const sharedWith = key.sharedWith.filter((id) => view.user(id))
    const named = holders.map(({ id, username }) => ({ id, username }))
    return allow({ destination, parcel: { source, key: { ...key, sharedWith }, holders: named } })
  },
  subjects: (_request, leaving, { clusterId }) => [
    ...(leaving ? [recordKey(leaving.parcel.key)] : []),
    `cluster/${clusterId}`,
  ],
  reply: (parts, _call, { destination, parcel }) => ({ parcel: sealKeyParcel(parts, destination, parcel) }),
})
