import { type KeyRecord, recordKey } from '../../model/records.ts'
import { importKey } from '../../policy/replication/destination.ts'
import { isApplied } from '../../policy/trusted-wrapping/profile.ts'
import { missingFor, standingAs, takeChallenge } from '../arriving.ts'
import { clusterOf } from '../cluster-state.ts'
import { availability, keyRoom } from '../facts.ts'
import { keyObject, keySummary } from '../key-object.ts'
import { type KeyParcel, openKeyParcel, unpacked } from '../parcels.ts'
import { change } from '../pipelines.ts'
import { withSeen } from '../references.ts'

export const keyImportReplica = change<'key.import-replica', KeyParcel, KeyRecord>('key.import-replica', {
  async prepare(parts, call, { challenge, parcel }) {
    const opened = openKeyParcel(parts, takeChallenge(parts, call, challenge), parcel)
    return { ...opened, key: unpacked(parts, opened.key) }
  },
  decide({ parts, view, call }, _request, parcel) {
    const cluster = clusterOf(view)
    const key = { ...parcel.key, madeUnderPolicy: parcel.key.madeUnderPolicy && isApplied(cluster) }
    return importKey(call.actor, key, {
      cluster,
      counted: withSeen(cluster, key.id),
      source: parcel.source,
      standing: standingAs(parts, view, key),
      missing: missingFor(view, key, parcel.holders),
      availability: availability(parts, call),
      room: keyRoom(view, call),
    })
  },
  subjects: (_request, _key, { key, source }) => [recordKey(key), `cluster/${source.clusterId}`],
  reply: ({ store, cluster }, { actor }, key) => ({
    key: actor.role === 'admin' ? keySummary(key) : keyObject(store.catalog, key, cluster.coverage()),
  }),
})
