import type { KeyedQueue } from '../base/keyed-queue.ts'
import type { Barrier } from '../cluster/barrier.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Uses } from '../cluster/uses.ts'
import type { Challenges } from '../session/challenges.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Here } from './here.ts'
import type { AuditQueue } from './journal/audit-queue.ts'
import type { UseRecorder } from './journal/use-recorder.ts'
import type { Keyring } from './keys/keyring.ts'
import type { Materials } from './keys/materials.ts'
import type { EngineNeeds } from './needs.ts'
import type { Backups } from './replication/backups.ts'
import type { Streams } from './streams/streams.ts'

/** Everything an operation can reach. */
export type Parts = EngineNeeds & {
  readonly sessions: Sessions
  readonly here: Here
  readonly uses: Uses
  readonly barrier: Barrier
  readonly materials: Materials
  readonly keyring: Keyring
  readonly streams: Streams
  readonly challenges: Challenges
  readonly backups: Backups
  readonly auditQueue: AuditQueue
  readonly useRecorder: UseRecorder
  /** Logins with the same name, one after another. */
  readonly logins: KeyedQueue
  /** When this engine began, on the monotonic clock. */
  readonly startedAt: number
  readonly cluster: Cluster
}
