/**
 * Transactions against etcd, one group at a time: the bodies run on the state of the replica, their writes are
 * committed only if that is still the newest, and are seen by anyone here only when the watch brings them.
 */
import type { CatalogView } from '../../catalog/catalog.ts'
import type { Turns } from '../../cluster/coordination.ts'
import type { HsmError } from '../../contract/errors.ts'
import type { RecordKey } from '../../model/records.ts'
import type { Conclusion, Store } from '../store.ts'
import { gather, type Lacking } from './gathering.ts'
import { createCarryOut, type Group, type GroupNeeds } from './groups.ts'
import type { Materials } from './materials.ts'
import { createTransactionQueue, type TransactionQueue } from './transaction-queue.ts'

export interface Commits extends Pick<Store, 'transact'> {
  /** Left out, each group is sent at once. */
  takeTurns(turns: Turns): void
  /** Takes no more transactions: they fail with this error. Resolves when those that were taken are settled. */
  drain(error: HsmError): Promise<void>
  /** Every transaction fails with this error, those under way too. */
  refuse(error: HsmError): void
}

/** @returns transactions in the order of asking; those of one turn of the event loop go together */
export function createCommits(needs: GroupNeeds & { readonly materials: Materials }): Commits {
  const { replica } = needs
  const reading = createReading(needs.materials)
  const carryOut = createCarryOut(needs)
  const queue = createTransactionQueue()
  let refusal: HsmError | undefined
  let running = false
  let sending: Group | undefined
  let turns: Turns | undefined
  const idle: (() => void)[] = []

  /** All transactions of this turn of the event loop, and all that come while a group is under way, go together. */
  function wake(): void {
    if (running) return
    running = true
    setImmediate(() => void work())
  }

  async function work(): Promise<void> {
    while (queue.waiting().length > 0) {
      try {
        await step()
      } catch (error) {
        queue.failAll(error as HsmError)
      }
      sending = undefined
    }
    running = false
    for (const resolve of idle.splice(0)) resolve()
  }

  /** A group whose materials must be read first is put together anew when they are there. */
  async function step(): Promise<void> {
    wish()
    await turns?.mine()
    const group = nextGroup(queue, replica, reading)
    if ('lacking' in group) return reading.read(group.lacking)
    if (group.transactions.length === 0) return
    sending = group
    if (!(await carryOut(group))) queue.putBack(group.transactions)
  }

  /** What waits now goes after the group that is under way. */
  function wish(): void {
    turns?.wish(sending?.commit ?? replica.root().root.revision)
  }

  return {
    transact<R>(body: (view: CatalogView) => Conclusion<R>) {
      if (refusal) return Promise.reject(refusal)
      const settled = queue.add(body)
      wake()
      if (sending !== undefined) wish()
      return settled as Promise<{ readonly result: R; readonly revision: number }>
    },
    takeTurns(taken) {
      turns = taken
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

/** As many of those that wait as fit together, on the state as it is. */
function nextGroup(
  queue: TransactionQueue,
  replica: GroupNeeds['replica'],
  reading: ReturnType<typeof createReading>,
): Group | Lacking {
  const bodies = queue.waiting().map(({ body }) => body)
  const gathered = gather(replica.catalog, bodies, reading.kept)
  if ('lacking' in gathered) return gathered
  reading.done()
  const { revision: base, root } = replica.root()
  const writes = gathered.changes.length + gathered.audit.length > 0
  const commit = root.revision + (writes ? 1 : 0)
  return { transactions: queue.take(gathered.results.length), gathered, base, commit }
}

/** Materials that a group needs. What cannot be read is the failure of the transactions that need it, and of no other. */
function createReading(materials: Materials) {
  const unread = new Map<RecordKey, HsmError>()
  async function read(key: RecordKey): Promise<void> {
    try {
      await materials.of(key)
    } catch (error) {
      unread.set(key, error as HsmError)
    }
  }
  return {
    kept: (key: RecordKey) => unread.get(key) ?? materials.kept(key),
    async read(keys: readonly RecordKey[]): Promise<void> {
      await Promise.all(keys.map(read))
    },
    done: () => unread.clear(),
  }
}
