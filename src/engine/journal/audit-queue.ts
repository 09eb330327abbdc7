/**
 * Entries of the audit log that are committed with no change: ends of sessions, and refusals. Refusals cost whoever makes
 * them nothing, so of many only the first ones are written, and later the last of each kind, with the number of those between.
 */
import { LIMITS } from '../../contract/limits.ts'
import type { AuditEvent } from '../../model/audit.ts'
import { createThrottle, type LeftOut } from '../../rates/throttle.ts'
import type { EngineNeeds } from '../needs.ts'
import { appendAll } from './auditing.ts'
import { createBatches } from './batches.ts'

export type AuditQueue = {
  /**
   * Writes it as `event` does, if it is one of the first of its kind; otherwise it is counted.
   *
   * @param who whose refusals are counted together
   */
  refusal(who: string, event: AuditEvent): Promise<void>
  /** Writes it as soon as the store takes it. Resolves when it is written, or could not be as yet. */
  event(event: AuditEvent): Promise<void>
  /** Resolves when it is written. @throws HsmError of the store when it is not */
  done(event: AuditEvent): Promise<void>
  /** Writes what is still to be said of the refusals of somebody. */
  endOf(who: string): void
  /** Writes what is still to be said of all. Resolves when that is done, or cannot be. */
  close(): Promise<void>
}

type Needs = Pick<EngineNeeds, 'store' | 'hsm' | 'monotonic' | 'log' | 'cluster'>

/** Between two commits without a change, where other HSMs commit to the same store. */
const SPACING_MS = 50
/** Events that wait for a store that takes nothing. */
const WAITING = 8192
const RETRY_MS = 1000
const CLOSING_MS = 5000

/** Empty at first. Entries are lost only when more wait than there is room for, which is logged. */
export function createAuditQueue(needs: Needs): AuditQueue {
  const { monotonic, log } = needs
  const throttle = createThrottle<AuditEvent>({
    periodMs: LIMITS.refusalsPeriodMs,
    written: LIMITS.refusalsAudited,
    kinds: LIMITS.refusalKinds,
    sources: LIMITS.refusalSources,
    monotonic,
  })
  let timer: NodeJS.Timeout | undefined
  const batches = createBatches({
    commit: (events) => commit(needs, events),
    spacingMs: needs.cluster?.several ? SPACING_MS : 0,
    monotonic,
    onIdle: look,
  })
  const isWaiting = () => batches.waiting().length > 0

  function look(): void {
    if (!isWaiting() && !throttle.isPending()) return
    timer ??= setTimeout(
      () => {
        timer = undefined
        // What is counted stays there for as long as the store takes nothing.
        if (isWaiting()) void batches.write()
        else addAll(throttle.due())
      },
      isWaiting() ? RETRY_MS : LIMITS.refusalsPeriodMs,
    ).unref()
  }
  function add(event: AuditEvent): Promise<void> {
    if (batches.waiting().length < WAITING) return batches.add(event)
    log('error', { event }, 'an entry of the audit log could not be written')
    return batches.write()
  }
  function addAll(counted: readonly LeftOut<AuditEvent>[]): void {
    for (const one of counted) void batches.add(summary(one))
    if (counted.length === 0) look()
  }
  return {
    async refusal(who, event) {
      if (throttle.note(who, `${event.operation} ${event.outcome}`, event)) await add(event)
      else look()
    },
    event: add,
    done: (event) => commit(needs, [event]),
    endOf(who) {
      if (!isWaiting()) addAll(throttle.soFar(who))
    },
    async close() {
      await batches.write()
      addAll(throttle.soFar())
      const over = Promise.withResolvers<void>()
      const limit = setTimeout(over.resolve, CLOSING_MS)
      await Promise.race([batches.write(), over.promise])
      clearTimeout(limit)
      clearTimeout(timer)
      if (isWaiting())
        log('error', { events: batches.waiting() }, 'entries of the audit log could not be written')
    },
  }
}

const summary = ({ last, leftOut }: LeftOut<AuditEvent>): AuditEvent => ({
  ...last,
  ...(leftOut > 0 && { leftOut }),
})

async function commit({ store, hsm }: Needs, events: readonly AuditEvent[]): Promise<void> {
  await store.transact((view) => {
    const { entries, writes } = appendAll(view, hsm.id, events)
    return { writes, audit: entries, result: undefined }
  })
}
