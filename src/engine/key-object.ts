import type { CatalogView } from '../catalog/catalog.ts'
import type { KeyObject, KeySummary } from '../contract/key-object.ts'
import { attributesOf } from '../model/key-attributes.ts'
import type { KeyRecord } from '../model/records.ts'

/** A key as crypto users who see it are shown it. Users who were deleted are left out. */
export function keyObject(view: CatalogView, key: KeyRecord): KeyObject {
  const holders = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const user = view.user(id)
      return user ? [{ username: user.username, 'key-coverage': 'full' as const }] : []
    })
  return {
    'key-reference': key.id,
    'key-info': {
      'key-owners': holders([key.owner]),
      'shared-users': holders(key.sharedWith),
      'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
      'cluster-coverage': 'full',
    },
    attributes: attributesOf(key),
  }
}

export const keySummary = (key: KeyRecord): KeySummary => ({
  'key-reference': key.id,
  attributes: { label: key.label },
})
