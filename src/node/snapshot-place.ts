/** Where an HSM keeps the snapshot of its records, and how that is sealed. */
import type { Log } from '../base/log.ts'
import { createSealer } from '../crypto/seal.ts'
import type { Home } from '../home/home.ts'
import type { SnapshotOptions } from '../store/snapshot/read.ts'

type Facts = {
  /** The master key; not kept. */
  readonly key: Uint8Array
  readonly clusterId: string
  /** What its store is on, and its id. */
  readonly owner: string
  readonly log: Log
}

export const snapshotOf = (
  { snapshot }: Pick<Home, 'snapshot'>,
  { key, clusterId, owner, log }: Facts,
): SnapshotOptions => ({
  place: { path: snapshot, sealer: createSealer(key, 'snapshot', clusterId), owner },
  log,
})
