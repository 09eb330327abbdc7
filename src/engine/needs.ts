import type { BackupKeys } from '../backup/ways.ts'
import type { Log } from '../base/log.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { PublicObjects } from '../contract/public-objects.ts'
import type { PasswordHasher } from '../crypto/password.ts'
import type { Sealer } from '../crypto/seal.ts'
import type { KeyUseJournal } from '../journal/key-use-journal.ts'
import type { Profile } from '../policy/hsm-profile/profile.ts'
import type { Store } from '../store/store.ts'

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
