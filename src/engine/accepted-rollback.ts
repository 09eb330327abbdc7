/** Records that an administrator accepted a store whose newer commits are lost. */
import type { Log } from '../base/log.ts'
import type { OtherAudited } from '../contract/audited-operations.ts'
import type { Store } from '../store/store.ts'
import { appendAll } from './journal/auditing.ts'
import { withTaken } from './keys/references.ts'

/** Keys that are lost had references, which must not be given to others. */
const LOST_REFERENCES = 2 ** 20

export type Accepting = {
  readonly store: Pick<Store, 'transact'>
  readonly hsmId: string
  /** The revision of the store, and the newest one that was answered as far as that is known. */
  readonly rollback: { readonly revision: number; readonly marked: number | undefined }
  /** Unix time in milliseconds. */
  readonly now: number
  readonly log: Log
}

/** Logins that are ended in one commit. */
const LOGINS_AT_ONCE = 64

/**
 * The first commit after the rollback is an entry in the audit log that says what was accepted. Then all logins end: some of them had
 * ended before what was lost.
 */
export async function recordRollback({ store, hsmId, rollback, now, log }: Accepting): Promise<void> {
  const { revision, marked } = rollback
  await store.transact((view) => {
    const event = {
      at: now,
      actor: '-',
      operation: 'store.accept-rollback' satisfies OtherAudited,
      outcome: 'ok',
      subjects: [`change/${revision}`, `newest/${marked ?? 'unknown'}`],
    }
    const cluster = view.cluster()
    const { entries, writes: heads } = appendAll(view, hsmId, [event])
    const taken = cluster && withTaken(cluster, LOST_REFERENCES)
    const writes = [...(taken?.allow ? [{ put: taken.result }] : []), ...heads]
    return { writes, audit: entries, result: undefined }
  })
  while ((await endSomeLogins(store)) > 0);
  log('warn', { revision, newest: marked }, 'a store that may be older than what was answered was accepted')
}

/** @returns how many */
async function endSomeLogins(store: Accepting['store']): Promise<number> {
  const { result } = await store.transact((view) => {
    const some = Iterator.from(view.logins()).take(LOGINS_AT_ONCE).toArray()
    return { writes: some.map(({ id }) => ({ delete: `login/${id}` })), audit: [], result: some.length }
  })
  return result
}
