/** What a rule is asked about, gathered from one consistent view. Rules read it, and change nothing by it. */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { Checked, OperationName, Operations } from '../../contract/operations.ts'
import type { ClusterRecord, KeyRecord, LoginRecord } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { capacityOf, type KeyRoom } from '../../policy/capacity.ts'
import type { Circumstances } from '../../policy/circumstances.ts'
import type { Target } from '../../policy/facts.ts'
import type { Availability } from '../../policy/key-availability.ts'
import type { Call, CallView } from '../call.ts'
import { clusterOf } from '../cluster-state.ts'
import type { Here } from '../here.ts'
import type { Parts } from '../parts.ts'
import type { Stream } from '../streams/stream.ts'
import { type Attempt, namesIn } from './attempt.ts'
import type { KeyName } from './key-names.ts'

type KeyMember<K extends OperationName> = Operations[K] extends { readonly keys: infer Members }
  ? keyof Members & string
  : never

/** The keys that the request selects, by name, and the stream that selects one. */
export type Selected<K extends OperationName> = {
  readonly [Member in KeyMember<K> as KeyName<Member>]: KeyRecord
} & ('stream' extends KeyMember<K> ? { readonly stream: Stream | undefined } : unknown)

export type CommonFacts = {
  readonly view: CatalogView
  readonly call: CallView
  readonly actor: Actor
  readonly cluster: ClusterRecord
  readonly circumstances: Circumstances
  /** The users that the request names. */
  readonly users: readonly Target[]
  /** How many keys there are and may be. */
  readonly room: KeyRoom
  readonly here: Here
}

export type Facts<K extends OperationName> = CommonFacts & Selected<K>

/** Facts that do not depend on a key, from one view. */
export function commonFacts(
  { parts, call, row }: Attempt,
  view: CatalogView,
  request: Checked<OperationName>,
): CommonFacts {
  const cluster = clusterOf(view)
  return {
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
    room: keyRoom(view, cluster, call),
    here: parts.here,
  }
}

const usernames = (names: Readonly<Record<string, string>>, request: Readonly<Record<string, unknown>>) =>
  Object.entries(names).flatMap(([member, kind]) => (kind === 'user' ? namesIn(request, member) : []))

/** Users by their names, undefined where there is none. */
export const targets = (view: CatalogView, names: readonly string[]): readonly Target[] =>
  names.map((username) => ({ username, user: view.userByName(username) }))

const availability = ({ cluster }: Parts, { session }: Call): Availability => ({
  check: session?.availabilityCheck ?? cluster.several,
  liveHsms: cluster.hsms().length,
})

const keyRoom = (view: CatalogView, cluster: ClusterRecord, { session }: CallView): KeyRoom => ({
  keys: view.keyCount(),
  asymmetricKeys: view.asymmetricKeyCount(),
  sessionKeys: session?.keys.keyCount() ?? 0,
  capacity: capacityOf(cluster),
})

/** The login of the session that asks, if it can be resumed. */
export const loginOf = ({ view, call: { session } }: CommonFacts): LoginRecord | undefined =>
  session?.login === undefined ? undefined : view.login(session.login)
