import type { ClusterRecord, KeyRecord, UserRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import type { KeyRoom } from './capacity.ts'
import type { Circumstances } from './circumstances.ts'

/** A user as the request names one; `user` is undefined when nobody has that name. */
export type Target = { readonly username: string; readonly user: UserRecord | undefined }

/** What a rule goes by: who asks, about which key, and how things are at that moment. Each rule takes what it needs. */
export type KeyFacts = {
  readonly actor: Actor
  readonly key: KeyRecord
  readonly cluster: ClusterRecord
  readonly circumstances: Circumstances
  /** The users that the request names. */
  readonly users: readonly Target[]
  readonly room: KeyRoom
}

/** The facts that a rule about a key needs. */
export type About<Needed extends keyof KeyFacts> = Pick<KeyFacts, Needed>
