import type { CatalogView } from '../../catalog/catalog.ts'
import type { KeyObject, KeySummary } from '../../contract/key-object.ts'
import { attributesOf } from '../../model/key-attributes.ts'
import { type KeyRecord, type RecordKey, recordKey } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { readsAll } from '../../policy/key-visibility.ts'

/**
 * A key as crypto users who see it are shown it. Users who were deleted are left out.
 *
 * @param covers whether every HSM has a record as this one does; session keys are on this one only, as they should be
 */
export function keyObject(
  view: CatalogView,
  key: KeyRecord,
  covers: (record: RecordKey) => boolean,
): KeyObject {
  const coverage = !key.flags.token || covers(recordKey(key)) ? 'full' : 'inconsistent'
  const holders = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const user = view.user(id)
      return user ? [{ username: user.username, 'key-coverage': coverage } as const] : []
    })
  return {
    'key-reference': key.id,
    'key-info': {
      'key-owners': holders([key.owner]),
      'shared-users': holders(key.sharedWith),
      'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
      'cluster-coverage': coverage,
    },
    attributes: attributesOf(key),
  }
}

/** A key as the actor may be shown it. @param covers as of `keyObject` */
export const shownKey = (
  actor: Actor,
  view: CatalogView,
  key: KeyRecord,
  covers: (record: RecordKey) => boolean,
): KeyObject | KeySummary => (readsAll(actor) ? keyObject(view, key, covers) : keySummary(key))

/** Reference and label: what everybody who sees a key is shown of it. */
export const keySummary = (key: KeyRecord): KeySummary => ({
  'key-reference': key.id,
  attributes: { label: key.label },
})
