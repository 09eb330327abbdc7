/**
 * Entries that are committed with no change, several in one commit. Each commit to a shared store keeps the other HSMs of the
 * cluster waiting, so one follows another only after a while: what comes meanwhile goes together.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent } from '../../model/audit.ts'

export interface Batches {
  /** Resolves when it is written, or could not be as yet. */
  add(event: AuditEvent): Promise<void>
  /** Tries to write what waits. Resolves as `add` does. */
  write(): Promise<void>
  /** What waits to be written. */
  waiting(): readonly AuditEvent[]
}

export type BatchesNeeds = {
  readonly commit: (events: readonly AuditEvent[]) => Promise<void>
  /** From the end of one commit to the beginning of the next, in milliseconds. */
  readonly spacingMs: number
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** Called when nothing is being written any more. */
  readonly onIdle: () => void
}

/** Entries in one commit. */
const BATCH = 64

type Waiting = { readonly event: AuditEvent; readonly settle: () => void }

/** Nothing waits at first. */
export function createBatches({ commit, spacingMs, monotonic, onIdle }: BatchesNeeds): Batches {
  let queue: Waiting[] = []
  let running: Promise<void> | undefined
  let endedAt = Number.NEGATIVE_INFINITY

  async function writeSome(): Promise<void> {
    const pauseMs = endedAt + spacingMs - monotonic()
    if (pauseMs > 0) await sleep(pauseMs)
    const batch = queue.slice(0, BATCH)
    await commit(batch.map(({ event }) => event))
    queue = queue.slice(batch.length)
    endedAt = monotonic()
    for (const { settle } of batch) settle()
  }
  /** One after another; what fails stays, and is tried again when somebody asks. */
  async function run(): Promise<void> {
    try {
      while (queue.length > 0) await writeSome()
    } catch {
      // Whoever made the store fail has logged it.
      for (const { settle } of queue) settle()
    } finally {
      running = undefined
      onIdle()
    }
  }
  return {
    add: (event) =>
      new Promise((settle) => {
        queue.push({ event, settle })
        running ??= run()
      }),
    async write() {
      if (queue.length > 0) running ??= run()
      await running
    },
    waiting: () => queue.map(({ event }) => event),
  }
}
