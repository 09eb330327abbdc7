/**
 * The life of this node in the cluster. It registers under a lease; from then on it proves again and again that it is
 * still registered and has every commit, and serves for a while on each proof. All it relies on is that reads are
 * linearizable and that clocks run at about the same rate: how long etcd lets a lease live has no part in it.
 */
import { HsmError } from '../contract/errors.ts'
import type { Coordination } from '../store/store.ts'
import type { HsmFacts } from './cluster.ts'
import { createComplaints, type Log } from './complaints.ts'
import { acknowledge, beginStay, depart, prove, type Stay } from './stay.ts'
import type { After, Clock, Timing } from './timing.ts'

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

export type MembershipNeeds = {
  readonly coordination: Coordination
  readonly self: () => HsmFacts
  /** Random; of this process. */
  readonly boot: string
  readonly clock: Clock
  readonly after: After
  readonly timing: Timing
  readonly log: Log
  /** Called when it is registered anew: what it has acknowledged before went with the former lease. */
  readonly onRegistered: () => void
  /** Called with each proof: the newest commit there was, which this node has applied. */
  readonly onProof: (newestCommit: number) => void
}

const NEVER = Number.NEGATIVE_INFINITY

/** Renewals that may be under way at once, when etcd or the watch is slow. */
const RENEWALS = 4

export function createMembership(needs: MembershipNeeds): Membership {
  const { coordination, boot, clock, timing, log, onRegistered, onProof } = needs
  const heart = createHeart(needs, renew)
  const register = createRegistrar(needs, (taken) => {
    stay = taken
    onRegistered()
  })
  const joined = Promise.withResolvers<void>()
  let stay: Stay | undefined
  let serveUntil = NEVER
  let left = false

  /** Fails closed at once: the proofs of this stay count no more. */
  function lose(lost: Stay): void {
    if (stay !== lost) return
    stay = undefined
    serveUntil = NEVER
    if (!left) log('warn', {}, 'the registration of this HSM in etcd is gone; it registers again')
  }

  async function proveStay(current: Stay): Promise<void> {
    const askedAt = clock()
    const newest = await prove(coordination, current)
    if (newest === undefined) return lose(current)
    if (stay !== current || left) return
    serveUntil = Math.max(serveUntil, askedAt + timing.servingMs)
    heart.allIsWell()
    onProof(newest)
    joined.resolve()
  }

  /** A node that cannot prove anything lets its lease run out, so that nobody waits for it. */
  async function keepAlive(current: Stay): Promise<void> {
    if (clock() < serveUntil && !(await coordination.keepAlive(current.lease))) lose(current)
  }

  async function renew(): Promise<void> {
    const standing = coordination.standing()
    if (standing.state === 'failed') {
      heart.stop()
      return joined.reject(standing.error)
    }
    if (!stay) await register(() => !left)
    if (stay) await Promise.all([keepAlive(stay), proveStay(stay)])
  }

  return {
    join() {
      heart.start()
      return joined.promise
    },
    check() {
      const standing = coordination.standing()
      if (standing.state === 'failed') throw standing.error
      if (clock() >= serveUntil) throw new HsmError('not-serving')
    },
    async acknowledge(revision) {
      const current = stay
      if (!current || left) return false
      const told = await acknowledge(coordination, current, boot, revision).catch(() => undefined)
      if (told === false) lose(current)
      return told === true
    },
    async leave() {
      left = true
      serveUntil = NEVER
      heart.stop()
      if (stay) await depart(coordination, stay, boot).catch((error: unknown) => heart.complain(error))
    },
  }
}

/** Registers this node, once at a time and only while its replica follows: it could not serve, and others would wait for it. */
function createRegistrar(needs: MembershipNeeds, onTaken: (stay: Stay) => void) {
  const { coordination, self, boot, timing } = needs
  let first = true
  let busy = false
  return async (wanted: () => boolean): Promise<void> => {
    if (busy || coordination.standing().state !== 'following') return
    busy = true
    try {
      let stay: Stay | undefined
      for (let attempt = 0; attempt < 2 && !stay && wanted(); attempt++) {
        stay = await beginStay(coordination, { ...self(), boot, first }, timing.leaseSeconds)
      }
      if (!stay) return
      first = false
      onTaken(stay)
    } finally {
      busy = false
    }
  }
}

/** Renewals at an even pace: one that etcd does not answer must not keep the next from trying. */
function createHeart({ after, clock, timing, log }: MembershipNeeds, renew: () => Promise<void>) {
  let stop: () => void = () => undefined
  let underWay = 0
  const { complain, over } = createComplaints(log, clock, {
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
      complain(error)
    } finally {
      underWay -= 1
    }
  }

  return { start: () => void beat(), stop: () => stop(), complain, allIsWell: over }
}
