/**
 * The part of a single-process store that does not depend on the medium: all transactions of one turn of the event
 * loop go to the medium as one group, for a durable commit costs the same for one as for fifty.
 *
 * A flush is one synchronous stretch (bodies, commit, subscribers), so nobody sees writes in the catalog that are not
 * committed yet; a listener that is told of one commit may find the next of the group in the catalog already.
 */
import type { Catalog, CatalogView } from '../catalog/catalog.ts'
import { HsmError } from '../contract/errors.ts'
import type { AuditEntry } from '../model/audit.ts'
import { type KeyedChange, runBody, told, undo } from './bodies.ts'
import type { Change, Conclusion, Store } from './store.ts'
import { createSubscribers } from './subscribers.ts'

/** What the medium must make durable, all of it or nothing. */
export type Group = {
  /** Of the last commit in the group. */
  readonly revision: number
  /** In order; a record changed by several commits is in it several times. */
  readonly changes: readonly KeyedChange[]
  readonly audit: readonly AuditEntry[]
}

/** Why a group was not committed. After one that is `fatal` the medium must not be written to any more. */
export type CommitFailure = { readonly error: HsmError; readonly fatal: boolean }

export interface GroupCommit extends Pick<Store, 'transact' | 'subscribe'> {
  /** Of the newest commit. */
  revision(): number
  /** Commits now what is waiting. */
  flush(): void
  /** From now on every transaction fails with this error. */
  refuse(error: HsmError): void
}

/** `store-failure`. */
export const storeClosed = () => new HsmError('store-failure', 'The store is closed')

type WaitingTransaction = {
  readonly body: (view: CatalogView) => Conclusion<unknown>
  readonly resolve: (settled: { readonly result: unknown; readonly revision: number }) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param revision of the catalog as it is given
 * @param commit makes a group durable and returns undefined, or changes nothing and returns why; must not throw
 */
export function createGroupCommit(
  catalog: Catalog,
  revision: number,
  commit: (group: Group) => CommitFailure | undefined,
): GroupCommit {
  const subscribers = createSubscribers<readonly Change[]>()
  let current = revision
  let waiting: WaitingTransaction[] = []
  let refusal: HsmError | undefined

  const fail = (transactions: readonly WaitingTransaction[], error: HsmError) => {
    for (const transaction of transactions) transaction.reject(error)
  }

  function flush(): void {
    const transactions = waiting
    waiting = []
    const run = runBodies(catalog, current, transactions)
    const changes = run.commits.flat()
    const idle = changes.length === 0 && run.audit.length === 0
    const failure = idle ? undefined : commit({ revision: run.revision, changes, audit: run.audit })
    if (failure) {
      undo(catalog, changes)
      if (failure.fatal) refusal = failure.error
      fail(transactions, failure.error)
      return
    }
    current = run.revision
    for (const commit of run.commits) subscribers.tell(commit.map(told))
    for (const settle of run.settlements) settle()
  }

  return {
    revision: () => current,
    flush,
    transact: <R>(body: (view: CatalogView) => Conclusion<R>) =>
      new Promise<{ readonly result: R; readonly revision: number }>((resolve, reject) => {
        if (refusal) return reject(refusal)
        waiting.push({ body, resolve: resolve as WaitingTransaction['resolve'], reject })
        if (waiting.length === 1) setImmediate(flush)
      }),
    subscribe: subscribers.add,
    refuse(error) {
      refusal = error
      fail(waiting.splice(0), error)
    },
  }
}

/**
 * Runs the bodies one after another, each on what those before it have written. The settlements, one for each body,
 * are for when the group is committed.
 */
function runBodies(catalog: Catalog, from: number, transactions: readonly WaitingTransaction[]) {
  const commits: (readonly KeyedChange[])[] = []
  const audit: AuditEntry[] = []
  let revision = from
  const settlements = transactions.map((transaction) => {
    let run: ReturnType<typeof runBody>
    try {
      run = runBody(catalog, transaction.body, revision + 1)
    } catch (error) {
      return () => transaction.reject(error)
    }
    if (run.changes.length > 0) {
      commits.push(run.changes)
      revision += 1
    }
    audit.push(...run.audit)
    const settled = { result: run.result, revision }
    return () => transaction.resolve(settled)
  })
  return { commits, audit, revision, settlements }
}
