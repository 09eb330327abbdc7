/**
 * Transactions against etcd, one group at a time: the bodies run on the state of the replica, their writes are
 * committed only if that is still the newest, and are seen by anyone here only when the watch brings them.
 */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { HsmError } from '../../contract/errors.ts'
import type { RecordKey } from '../../model/records.ts'
import type { Conclusion, Store } from '../store.ts'
import { gather, type Lacking } from './gathering.ts'
import { createCarryOut, type Group, type GroupNeeds } from './groups.ts'
import type { Materials } from './materials.ts'
import { createTransactionQueue, type QueuedTransaction } from './transaction-queue.ts'

export interface Commits extends Pick<Store, 'transact'> {
  /** Takes no more transactions: they fail with this error. Resolves when those that were taken are settled. */
  drain(error: HsmError): Promise<void>
  /** Every transaction fails with this error, those under way too. */
  refuse(error: HsmError): void
}

/** @returns transactions in the order of asking; those of one turn of the event loop go together */
export function createCommits(needs: GroupNeeds & { readonly materials: Materials }): Commits {
  const { replica, materials } = needs
  const unread = new Map<RecordKey, HsmError>()
  const carryOut = createCarryOut(needs)
  const queue = createTransactionQueue()
  let refusal: HsmError | undefined
  let running = false
  const idle: (() => void)[] = []

  /** All transactions of this turn of the event loop, and all that come while a group is under way, go together. */
  function wake(): void {
    if (running) return
    running = true
    setImmediate(() => void work())
  }

  async function work(): Promise<void> {
    for (let waiting = queue.waiting(); waiting.length > 0; waiting = queue.waiting()) {
      try {
        await step(nextGroup(waiting))
      } catch (error) {
        queue.failAll(error as HsmError)
      }
    }
    running = false
    for (const resolve of idle.splice(0)) resolve()
  }

  /** A group whose materials must be read first is put together anew when they are there. */
  async function step(group: Group | Lacking): Promise<void> {
    if ('lacking' in group) await Promise.all(group.lacking.map(read))
    else if (!(await carryOut(group))) queue.putBack(group.transactions)
  }

  /** What could not be read is the failure of the transactions that need it, and of no other. */
  async function read(key: RecordKey): Promise<void> {
    try {
      await materials.of(key)
    } catch (error) {
      unread.set(key, error as HsmError)
    }
  }

  function nextGroup(waiting: readonly QueuedTransaction[]): Group | Lacking {
    const bodies = waiting.map(({ body }) => body)
    const gathered = gather(replica.catalog, bodies, (key) => unread.get(key) ?? materials.kept(key))
    if ('lacking' in gathered) return gathered
    unread.clear()
    return { transactions: queue.take(gathered.results.length), gathered, base: replica.root().revision }
  }

  return {
    transact<R>(body: (view: CatalogView) => Conclusion<R>) {
      if (refusal) return Promise.reject(refusal)
      const settled = queue.add(body)
      wake()
      return settled as Promise<{ readonly result: R; readonly revision: number }>
    },
    async drain(error) {
      refusal ??= error
      if (running) await new Promise<void>((resolve) => idle.push(resolve))
    },
    refuse(error) {
      refusal ??= error
      queue.failAll(error)
    },
  }
}
