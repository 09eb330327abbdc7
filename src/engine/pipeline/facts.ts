/** What a rule is asked about, gathered from one consistent view. */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { Checked, OperationName, Operations } from '../../contract/operations.ts'
import type { ClusterRecord, KeyRecord, LoginRecord, UserRecord } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { capacityOf, type KeyRoom } from '../../policy/capacity.ts'
import type { Circumstances } from '../../policy/circumstances.ts'
import type { Target } from '../../policy/facts.ts'
import type { Availability } from '../../policy/key-availability.ts'
import type { Call } from '../call.ts'
import { clusterOf } from '../cluster-state.ts'
import type { Parts } from '../parts.ts'
import type { Attempt } from './attempt.ts'

type KeyMember<K extends OperationName> = Operations[K] extends { readonly keys: infer Members }
  ? keyof Members & string
  : never
/** `wrapping-filter` selects the key `wrapping`; `filter` and `stream` select the `key`. */
type KeyName<Member extends string> = Member extends `${infer Name}-filter` ? Name : 'key'

/** The keys that the request selects, by name. */
export type Selected<K extends OperationName> = {
  readonly [Member in KeyMember<K> as KeyName<Member>]: KeyRecord
}

/**
 * What a rule calls the key that a member of the request selects: `payload-filter` selects its `payload`, `filter`
 * its `key`.
 */
export const keyName = (member: string): string =>
  member.endsWith('-filter') ? member.slice(0, -'-filter'.length) : 'key'

export type CommonFacts = {
  readonly parts: Parts
  readonly view: CatalogView
  readonly call: Call
  readonly actor: Actor
  readonly cluster: ClusterRecord
  readonly circumstances: Circumstances
  /** The users that the request names. */
  readonly users: readonly Target[]
  /** Adds something to what the journals call the subjects of the request. */
  note(subject: string): void
}

export type Facts<K extends OperationName> = CommonFacts & Selected<K>

/** Facts that do not depend on a key, from one view. */
export function commonFacts(
  { parts, call, row, subjects }: Attempt,
  view: CatalogView,
  request: Checked<OperationName>,
): CommonFacts {
  const cluster = clusterOf(view)
  return {
    parts,
    view,
    call,
    actor: call.actor,
    cluster,
    circumstances: {
      ...availability(parts, call),
      profile: cluster,
      weakHashes: call.session?.weakHashes ?? false,
    },
    users: row.names ? targets(view, usernames(row.names, request)) : [],
    note: (subject) => {
      if (!subjects.includes(subject)) subjects.push(subject)
    },
  }
}

const usernames = (names: Readonly<Record<string, string>>, request: Readonly<Record<string, unknown>>) =>
  Object.entries(names).flatMap(([member, kind]) =>
    kind === 'user' ? [request[member] ?? []].flat().map(String) : [],
  )

/** Users by their names, undefined where there is none. */
export const targets = (view: CatalogView, names: readonly string[]): readonly Target[] =>
  names.map((username) => ({ username, user: view.userByName(username) }))

const availability = ({ cluster }: Parts, { session }: Call): Availability => ({
  check: session?.availabilityCheck ?? cluster.several,
  liveHsms: cluster.hsms().length,
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
export const loginOf = ({ view, call: { session } }: CommonFacts): LoginRecord | undefined =>
  session?.login === undefined ? undefined : view.login(session.login)

/** How many keys there are, and how many there can be. */
export const keyRoom = ({ view, call: { session }, cluster }: CommonFacts): KeyRoom => ({
  keys: view.keyCount(),
  asymmetricKeys: view.asymmetricKeyCount(),
  sessionKeys: session?.keys.keyCount() ?? 0,
  capacity: capacityOf(cluster),
})
