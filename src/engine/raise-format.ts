/** Raises the format of a cluster's records to that of this version, once no HSM is left that could not read it. */
import type { Log } from '../base/log.ts'
import type { OtherAudited } from '../contract/audited-operations.ts'
import { FORMAT } from '../model/formats.ts'
import type { Store } from '../store/store.ts'
import { clusterOf } from './cluster-state.ts'
import { appendAll } from './journal/auditing.ts'

type Raising = {
  readonly store: Pick<Store, 'catalog' | 'transact'>
  readonly hsmId: string
  /** The newest format that every HSM reads that belongs to the cluster now. */
  readonly readable: () => Promise<number>
  /** Unix time in milliseconds. */
  readonly now: () => number
  readonly log: Log
}

/**
 * Does nothing when the cluster has that format, or while an HSM could not read it: the next HSM to start looks again.
 * There is no way back from it but a backup that was made before, so the audit log tells of it.
 */
export async function raiseFormat({ store, hsmId, readable, now, log }: Raising): Promise<void> {
  const { minimumVersion } = clusterOf(store.catalog)
  if (minimumVersion >= FORMAT) return
  try {
    const format = await readable()
    if (format < FORMAT) {
      log(
        'info',
        { format: minimumVersion },
        'an HSM of an earlier version belongs to the cluster, whose records stay in its format',
      )
      return
    }
    await store.transact((view) => {
      const cluster = clusterOf(view)
      if (cluster.minimumVersion >= FORMAT) return { writes: [], audit: [], result: undefined }
      const event = {
        at: now(),
        actor: '-',
        operation: 'cluster.raise-format' satisfies OtherAudited,
        outcome: 'ok',
        subjects: [`format/${FORMAT}`],
      }
      const { entries, writes } = appendAll(view, hsmId, [event])
      const raised = { ...cluster, minimumVersion: FORMAT }
      return { writes: [{ put: raised }, ...writes], audit: entries, result: undefined }
    })
    log(
      'info',
      { format: FORMAT },
      'the records of the cluster have the format of this version now; earlier versions cannot read them',
    )
  } catch (err) {
    log('warn', { err }, 'the format of the records was not raised; the next start tries again')
  }
}
