/**
 * The life of this node in the cluster. It registers under a lease; from then on it proves again and again that it is
 * still registered and has every commit, and serves for a while on each proof. All it relies on is that reads are
 * linearizable and that clocks run at about the same rate: how long etcd lets a lease live has no part in it.
 */

import type { Log } from '../base/log.ts'
import { HsmError } from '../contract/errors.ts'
import { acknowledge, depart, type LeasedRegistration, prove } from './leased-registration.ts'
import { createRegistrar, type RegistrarNeeds } from './registrar.ts'
import type { After } from './timing.ts'
import { createTroubleLog } from './trouble-log.ts'

export interface Membership {
  /** Resolves when this node serves for the first time. @throws why the store has failed before that */
  join(): Promise<void>
  /** @throws HsmError `not-serving`, or why the store has failed */
  check(): void
  /** @returns whether the others were told */
  acknowledge(revision: number): Promise<boolean>
  /** Stops serving, and tells the others that they need not wait for this node. */
  leave(): Promise<void>
}

export type MembershipNeeds = RegistrarNeeds & {
  readonly after: After
  readonly log: Log
  /** Called with each proof: the newest commit there was, which this node has applied. */
  readonly onProof: (newestCommit: number) => void
}

const NEVER = Number.NEGATIVE_INFINITY

/** Renewals that may be under way at once, when etcd or the watch is slow. */
const RENEWALS = 4

/** Does nothing before `join`. */
export function createMembership(needs: MembershipNeeds): Membership {
  const { coordination, boot, clock, timing, log, onProof } = needs
  const heartbeat = createHeartbeat(needs, renew)
  // The one that comes later gives way; the one that comes back waits until the other is gone.
  const onOther = (error: HsmError, isBack: boolean) => (isBack ? heartbeat.report(error) : fail(error))
  const registrar = createRegistrar(needs, onOther)
  const joined = Promise.withResolvers<void>()
  let serveUntil = NEVER
  let left = false

  function fail(error: HsmError): void {
    heartbeat.stop()
    joined.reject(error)
  }

  /** Fails closed at once: the proofs of this registration count no more. */
  function lose(lost: LeasedRegistration): void {
    if (!registrar.end(lost)) return
    serveUntil = NEVER
    if (!left) log('warn', {}, 'the registration of this HSM in etcd is gone; it registers again')
  }

  async function proveRegistration(current: LeasedRegistration): Promise<void> {
    const askedAt = clock()
    const newest = await prove(coordination, current)
    if (newest === undefined) return lose(current)
    if (registrar.current() !== current || left) return
    serveUntil = Math.max(serveUntil, askedAt + timing.servingMs)
    heartbeat.allIsWell()
    onProof(newest)
    joined.resolve()
  }

  /** A node that cannot prove anything lets its lease run out, so that nobody waits for it. */
  async function keepAlive(current: LeasedRegistration): Promise<void> {
    if (clock() < serveUntil && !(await coordination.keepAlive(current.lease))) lose(current)
  }

  async function renew(): Promise<void> {
    const replica = coordination.replicaState()
    if (replica.state === 'failed') return fail(replica.error)
    if (!registrar.current()) await registrar.register(() => !left)
    const leased = registrar.current()
    if (leased) await Promise.all([keepAlive(leased), proveRegistration(leased)])
  }

  return {
    join() {
      heartbeat.start()
      return joined.promise
    },
    check() {
      const replica = coordination.replicaState()
      if (replica.state === 'failed') throw replica.error
      if (clock() >= serveUntil) throw new HsmError('not-serving')
    },
    async acknowledge(revision) {
      const current = registrar.current()
      if (!current || left) return false
      const told = await acknowledge(coordination, current, boot, revision).catch(() => undefined)
      if (told === false) lose(current)
      return told === true
    },
    async leave() {
      left = true
      serveUntil = NEVER
      heartbeat.stop()
      const leased = registrar.current()
      if (leased) await depart(coordination, leased, boot).catch((error: unknown) => heartbeat.report(error))
    },
  }
}

/** Renewals at an even pace: one that etcd does not answer must not keep the next from trying. */
function createHeartbeat({ after, clock, timing, log }: MembershipNeeds, renew: () => Promise<void>) {
  let stop: () => void = () => undefined
  let underWay = 0
  const { report, over } = createTroubleLog(log, clock, {
    trouble: 'etcd does not keep this HSM registered',
    over: 'etcd keeps this HSM registered again',
  })

  async function beat(): Promise<void> {
    stop = after(timing.renewMs, () => void beat())
    if (underWay === RENEWALS) return
    underWay += 1
    try {
      await renew()
    } catch (error) {
      report(error)
    } finally {
      underWay -= 1
    }
  }

  return { start: () => void beat(), stop: () => stop(), report, allIsWell: over }
}
