/** How many requests, and bytes of them, may be under way at once: of each user, of each peer, and of revocations. */
import { HsmError } from '../contract/errors.ts'
import type { Admission } from '../contract/hsm.ts'
import { createPool, type Pool } from '../rates/pool.ts'

export type InFlightLimits = {
  readonly requestsInFlight: number
  readonly userRequests: number
  readonly requestsPerUser: number
  readonly anonymousRequests: number
  readonly anonymousRequestsPerPeer: number
  readonly revocationsPerUser: number
  readonly arrivingBytes: number
  readonly arrivingBytesPerUser: number
  readonly arrivingRevocationBytes: number
  readonly arrivingRevocationBytesPerUser: number
  readonly anonymousArrivingBytes: number
  readonly anonymousArrivingBytesPerPeer: number
  readonly untakenBytes: number
  readonly untakenBytesPerUser: number
  readonly anonymousUntakenBytes: number
  readonly anonymousUntakenBytesPerPeer: number
}

/** What one request has of it. Everything it took is given back with `leave`. */
export type Reservation = {
  /** @throws HsmError `busy` when there is no room for so many more bytes of it */
  arrive(bytes: number): void
  /** It is whole, and work on it begins. @throws HsmError `busy` */
  enter(): void
  /** The work is done, and this much is to be taken. @returns whether there is room for it */
  answer(bytes: number): boolean
  leave(): void
}

export type InFlight = {
  /** Of a request that was admitted. @param peer where it comes from */
  reserve(admission: Pick<Admission, 'user' | 'revokes'>, peer: string): Reservation
}

/** Of one server: requests in flight and their bytes, for all, for each user and for each peer without a session. */
export function createInFlight(limits: InFlightLimits): InFlight {
  const everything = createPool({ total: limits.requestsInFlight, each: limits.requestsInFlight })
  const anonymous: Pools = {
    requests: within(
      everything,
      createPool({ total: limits.anonymousRequests, each: limits.anonymousRequestsPerPeer }),
    ),
    arriving: createPool({
      total: limits.anonymousArrivingBytes,
      each: limits.anonymousArrivingBytesPerPeer,
    }),
    untaken: createPool({ total: limits.anonymousUntakenBytes, each: limits.anonymousUntakenBytesPerPeer }),
  }
  const users: Pools = {
    requests: within(everything, createPool({ total: limits.userRequests, each: limits.requestsPerUser })),
    arriving: createPool({ total: limits.arrivingBytes, each: limits.arrivingBytesPerUser }),
    untaken: createPool({ total: limits.untakenBytes, each: limits.untakenBytesPerUser }),
  }
  const reserve: Pools = {
    requests: within(
      everything,
      createPool({ total: limits.requestsInFlight, each: limits.revocationsPerUser }),
    ),
    arriving: createPool({
      total: limits.arrivingRevocationBytes,
      each: limits.arrivingRevocationBytesPerUser,
    }),
    untaken: users.untaken,
  }
  return {
    reserve({ user, revokes }, peer) {
      if (user === undefined) return createReservation(peer, [anonymous])
      return createReservation(user, revokes ? [users, reserve] : [users])
    },
  }
}

type Pools = { readonly requests: Pool; readonly arriving: Pool; readonly untaken: Pool }

/** A part of something that others have parts of, too. */
const within = (whole: Pool, part: Pool): Pool => ({
  take(holder, amount) {
    if (!part.take(holder, amount)) return false
    if (whole.take(holder, amount)) return true
    part.give(holder, amount)
    return false
  },
  give(holder, amount) {
    part.give(holder, amount)
    whole.give(holder, amount)
  },
})

/** What was taken of one pool. */
type Part = { readonly pool: Pool; amount: number }

/** @param choices where there may be room, in the order in which it is tried */
function createReservation(holder: string, choices: readonly Pools[]): Reservation {
  let parts: Part[] = []
  function note(pool: Pool, amount: number): void {
    const part = parts.find((one) => one.pool === pool)
    if (part) part.amount += amount
    else parts.push({ pool, amount })
  }
  function take(kind: keyof Pools, amount: number): boolean {
    for (const { [kind]: pool } of choices) {
      if (!pool.take(holder, amount)) continue
      note(pool, amount)
      return true
    }
    return false
  }
  function leave(): void {
    for (const { pool, amount } of parts) pool.give(holder, amount)
    parts = []
  }
  return {
    arrive(bytes) {
      if (!take('arriving', bytes)) throw new HsmError('busy')
    },
    enter() {
      if (!take('requests', 1)) throw new HsmError('busy')
    },
    answer(bytes) {
      leave()
      return take('untaken', bytes)
    },
    leave,
  }
}
