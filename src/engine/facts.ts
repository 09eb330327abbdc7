/** Facts that several rules ask for. */
import type { CatalogView } from '../catalog/catalog.ts'
import type { LoginRecord, UserRecord } from '../model/records.ts'
import { capacityOf, type KeyRoom } from '../policy/capacity.ts'
import type { Circumstances } from '../policy/circumstances.ts'
import type { Availability } from '../policy/key-availability.ts'
import type { Target } from '../policy/key-sharing.ts'
import { clusterOf } from './cluster-state.ts'
import type { Call, Parts } from './parts.ts'

export const availability = ({ cluster }: Parts, { session }: Call): Availability => ({
  check: session?.availabilityCheck ?? cluster.several,
  liveHsms: cluster.hsms().length,
})

/** What bears on every use of a key: the session's choices, and what the cluster is and has. */
export const circumstances = (parts: Parts, view: CatalogView, call: Call): Circumstances => ({
  ...availability(parts, call),
  profile: clusterOf(view),
  weakHashes: call.session?.weakHashes ?? false,
})

/** This HSM, if the user is logged in on it. */
export const loggedInOn = ({ sessions, hsm }: Parts, user: UserRecord | undefined): string | undefined =>
  user !== undefined && sessions.countOf(user.id) > 0 ? hsm.id : undefined

/** How many are logged in on this HSM. */
export const occupancy = ({ sessions }: Parts, user: UserRecord | undefined) => ({
  sessions: sessions.count(),
  sessionsOfUser: user ? sessions.countOf(user.id) : 0,
})

/** For how long from now, if it is not renewed. */
export const resumableSeconds = ({ now }: Parts, { expiresAt }: LoginRecord): number =>
  Math.max(0, Math.floor((expiresAt - now()) / 1000))

/** The login of the session that asks, if it can be resumed. */
export const loginOf = (view: CatalogView, { session }: Call): LoginRecord | undefined =>
  session?.login === undefined ? undefined : view.login(session.login)

export const keyRoom = (view: CatalogView, { session }: Call): KeyRoom => ({
  keys: view.keyCount(),
  asymmetricKeys: view.asymmetricKeyCount(),
  sessionKeys: session?.keys.keyCount() ?? 0,
  capacity: capacityOf(clusterOf(view)),
})

/** Keys are shared with crypto users: a name that belongs to anyone else is a name not found. */
export const targets = (view: CatalogView, usernames: readonly string[]): readonly Target[] =>
  usernames.map((username) => {
    const user = view.userByName(username)
    return { username, user: user?.role === 'crypto-user' ? user : undefined }
  })
