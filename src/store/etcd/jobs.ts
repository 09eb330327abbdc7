/** The transactions that wait for their turn, and how long each may. */
import { HsmError } from '../../contract/errors.ts'
import type { Body } from './gathering.ts'

export type Settled = { readonly result: unknown; readonly revision: number }

export interface Job {
  readonly body: Body
  /** Whoever asked has been answered. */
  readonly done: boolean
  /** It is part of a request to etcd. */
  sent: boolean
  resolve(settled: Settled): void
  reject(error: unknown): void
}

export interface JobQueue {
  add(body: Body): Promise<Settled>
  waiting(): readonly Job[]
  /** The first so many, which are sent now. */
  take(count: number): readonly Job[]
  /** To the front, those that somebody still waits for. */
  putBack(jobs: readonly Job[]): void
  /** Those that wait, and those that are sent. */
  failAll(error: HsmError): void
}

/** Longer than an election of etcd, shorter than a client waits. */
const PATIENCE_MS = 10_000

export const notKnown = (): HsmError =>
  new HsmError('store-failure', 'etcd did not answer in time; it is not known whether the change was stored')
const notDone = (): HsmError =>
  new HsmError('store-failure', 'etcd did not answer in time; nothing was changed')

export function createJobQueue(): JobQueue {
  let queue: Job[] = []
  const open = new Set<Job>()

  return {
    add: (body) =>
      new Promise((resolve, reject) => {
        const job = createJob(body, resolve, reject, () => open.delete(job))
        open.add(job)
        queue.push(job)
      }),
    waiting() {
      queue = queue.filter(({ done }) => !done)
      return queue
    },
    take(count) {
      const taken = queue.slice(0, count)
      queue = queue.slice(count)
      for (const job of taken) job.sent = true
      return taken
    },
    putBack(jobs) {
      for (const job of jobs) job.sent = false
      queue = [...jobs.filter(({ done }) => !done), ...queue]
    },
    failAll(error) {
      for (const job of [...open]) job.reject(error)
    },
  }
}

function createJob(
  body: Body,
  resolve: (settled: Settled) => void,
  reject: (error: unknown) => void,
  onDone: () => void,
): Job {
  let done = false
  const finish = (answer: () => void) => {
    if (done) return
    done = true
    clearTimeout(timer)
    onDone()
    answer()
  }
  const job: Job = {
    body,
    sent: false,
    get done() {
      return done
    },
    resolve: (settled) => finish(() => resolve(settled)),
    reject: (error) => finish(() => reject(error)),
  }
  const timer = setTimeout(() => job.reject(job.sent ? notKnown() : notDone()), PATIENCE_MS)
  return job
}
