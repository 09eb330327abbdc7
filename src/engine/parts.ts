import type { BackupKeys } from '../backup/ways.ts'
import type { KeyedQueue } from '../base/keyed-queue.ts'
import type { Log } from '../base/log.ts'
import type { Barrier } from '../cluster/barrier.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Uses } from '../cluster/uses.ts'
import type { CallSource } from '../contract/call-source.ts'
import type { PublicObjects } from '../contract/public-objects.ts'
import type { PasswordHasher } from '../crypto/password.ts'
import type { Sealer } from '../crypto/seal.ts'
import type { KeyUseJournal } from '../journal/key-use-journal.ts'
import type { Actor } from '../policy/actor.ts'
import type { Profile } from '../policy/hsm-profile/profile.ts'
import type { Challenges } from '../session/challenges.ts'
import type { Session, Sessions } from '../session/sessions.ts'
import type { Store } from '../store/store.ts'
import type { AuditQueue } from './journal/audit-queue.ts'
import type { KeyUses } from './journal/key-uses.ts'
import type { Keyring } from './keys/keyring.ts'
import type { Backups } from './replication/backups.ts'
import type { Streams } from './streams/streams.ts'

/** What the engine is given by whoever composes it. */
export type EngineNeeds = {
  readonly store: Store
  /** Seals key material, under another key than the store seals records. */
  readonly sealer: Sealer
  /** Seals the keys of backups, so that the master key opens them. */
  readonly backupKeys: BackupKeys
  readonly passwords: PasswordHasher
  readonly clusterId: string
  readonly hsm: { readonly id: string; readonly version: string; readonly address: () => string }
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  readonly random: (bytes: number) => Uint8Array
  /** Left out: this HSM is a cluster by itself. */
  readonly cluster?: Cluster
  /** What a cluster that is founded here is founded with; left out, its nodes trust their clocks. */
  readonly keyUseFence?: boolean
  /** What a cluster that is founded here is founded as; what is left out has a default. */
  readonly profile?: Partial<Profile>
  /** What this HSM shows before login; left out, certificates. */
  readonly publicObjects?: PublicObjects
  /** Where uses of keys are recorded; left out, nowhere. */
  readonly keyUseJournal?: KeyUseJournal
  readonly log: Log
}

/** Everything an operation can reach. */
export type Parts = EngineNeeds & {
  readonly sessions: Sessions
  readonly uses: Uses
  readonly barrier: Barrier
  readonly keyring: Keyring
  readonly streams: Streams
  readonly challenges: Challenges
  readonly backups: Backups
  readonly auditQueue: AuditQueue
  readonly keyUses: KeyUses
  /** Logins with the same name, one after another. */
  readonly logins: KeyedQueue
  /** When this engine began, on the monotonic clock. */
  readonly startedAt: number
  readonly cluster: Cluster
}

/** Who asks, through which session, and from where. */
export type Call = {
  readonly actor: Actor
  readonly session: Session | undefined
  readonly source: CallSource
}
