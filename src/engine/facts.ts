/** Facts that several rules ask for. */
import type { CatalogView } from '../catalog/catalog.ts'
import type { KeyCounts } from '../policy/capacity.ts'
import type { Availability } from '../policy/key-availability.ts'
import type { Target } from '../policy/key-sharing.ts'
import type { Call, Parts } from './parts.ts'

export const availability = ({ cluster }: Parts, { session }: Call): Availability => ({
  check: session?.availabilityCheck ?? cluster.several,
  liveHsms: cluster.hsms().length,
})

export const keyCounts = (view: CatalogView, { session }: Call): KeyCounts => ({
  keys: view.keyCount(),
  asymmetricKeys: view.asymmetricKeyCount(),
  sessionKeys: session?.keys.keyCount() ?? 0,
})

/** Keys are shared with crypto users: a name that belongs to anyone else is a name not found. */
export const targets = (view: CatalogView, usernames: readonly string[]): readonly Target[] =>
  usernames.map((username) => {
    const user = view.userByName(username)
    return { username, user: user?.role === 'crypto-user' ? user : undefined }
  })
