/** The transactions that wait for their turn, and how long each may. */
import { HsmError } from '../../contract/errors.ts'
import type { Body } from './gathering.ts'

/** What a transaction resolves with: the body's result, and the revision at which its writes stand. */
export type Settled = { readonly result: unknown; readonly revision: number }

export interface QueuedTransaction {
  readonly body: Body
  /** Whoever asked has been answered. */
  readonly done: boolean
  /** It is part of a request to etcd. */
  sent: boolean
  resolve(settled: Settled): void
  reject(error: unknown): void
}

export interface TransactionQueue {
  add(body: Body): Promise<Settled>
  waiting(): readonly QueuedTransaction[]
  /** The first so many, which are sent now. */
  take(count: number): readonly QueuedTransaction[]
  /** To the front, those that somebody still waits for. */
  putBack(transactions: readonly QueuedTransaction[]): void
  /** Those that wait, and those that are sent. */
  failAll(error: HsmError): void
}

/** Longer than an election of etcd, shorter than a client waits. */
const PATIENCE_MS = 10_000

/** `store-failure`: the change may have been made. */
export const notKnown = (): HsmError =>
  new HsmError('store-failure', 'etcd did not answer in time; it is not known whether the change was stored')
const notDone = (): HsmError =>
  new HsmError('store-failure', 'etcd did not answer in time; nothing was changed')

/** Each transaction fails with HsmError `store-failure` when it has waited for PATIENCE_MS. */
export function createTransactionQueue(): TransactionQueue {
  let queue: QueuedTransaction[] = []
  const open = new Set<QueuedTransaction>()

  return {
    add: (body) =>
      new Promise((resolve, reject) => {
        const queued = queuedTransaction(body, resolve, reject, () => open.delete(queued))
        open.add(queued)
        queue.push(queued)
      }),
    waiting() {
      queue = queue.filter(({ done }) => !done)
      return queue
    },
    take(count) {
      const taken = queue.slice(0, count)
      queue = queue.slice(count)
      for (const queued of taken) queued.sent = true
      return taken
    },
    putBack(transactions) {
      for (const queued of transactions) queued.sent = false
      queue = [...transactions.filter(({ done }) => !done), ...queue]
    },
    failAll(error) {
      for (const queued of [...open]) queued.reject(error)
    },
  }
}

function queuedTransaction(
  body: Body,
  resolve: (settled: Settled) => void,
  reject: (error: unknown) => void,
  onDone: () => void,
): QueuedTransaction {
  let done = false
  const finish = (answer: () => void) => {
    if (done) return
    done = true
    clearTimeout(timer)
    onDone()
    answer()
  }
  const queued: QueuedTransaction = {
    body,
    sent: false,
    get done() {
      return done
    },
    resolve: (settled) => finish(() => resolve(settled)),
    reject: (error) => finish(() => reject(error)),
  }
  const timer = setTimeout(() => queued.reject(queued.sent ? notKnown() : notDone()), PATIENCE_MS)
  return queued
}
