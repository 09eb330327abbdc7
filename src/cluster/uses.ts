/** The key uses that are under way on this HSM, so that a revocation can refuse them and wait until the last one ended. */
import { type Bag, type Bagged, createBag } from '../base/bag.ts'
import type { ErrorCode } from '../contract/errors.ts'
import type { Revocation } from '../model/revocation.ts'

/** The right behind a use was taken back, or nobody knows whether it was. */
export type Reason = Extract<ErrorCode, 'revoked' | 'not-serving'>

export interface Use {
  /** False once it was ended: its result must not be released. */
  readonly live: boolean
  /** Why it was ended. */
  readonly reason: Reason
  /** Must be called exactly once, when the result was released or refused. */
  end(): void
}

export interface Uses {
  /** Call it in the same synchronous stretch of code as the decision that allows the use. */
  begin(key: string, user: string, session: string): Use
  /**
   * Watches over what lives on a right from one use to the next, such as a message in parts. Call it while the first of
   * them is under way.
   *
   * @param ended is called at once, and only once, when the right ends; given again, it is another right
   * @returns stops watching
   */
  watch(grant: Grant, ended: (reason: Reason) => void): () => void
  /**
   * Marks every use that the revocations end, and tells what is watched over, at once; resolves when all of those uses
   * have ended.
   */
  revoke(revocations: readonly Revocation[], reason?: Reason): Promise<void>
  /** How many are under way. */
  count(): number
}

/** Who uses which key, through which session. */
export type Grant = { readonly key: string; readonly user: string; readonly session: string }

/** A class, as there is one for every use of a key: all that it needs is one object. */
class Ticket implements Grant, Use, Bagged {
  place = -1
  readonly key: string
  readonly user: string
  readonly session: string
  live = true
  reason: Reason = 'revoked'
  /** Those who wait until it has ended; mostly nobody. */
  #waiting: (() => void)[] | undefined
  readonly #underWay: Bag<Ticket>

  constructor(underWay: Bag<Ticket>, key: string, user: string, session: string) {
    this.key = key
    this.user = user
    this.session = session
    this.#underWay = underWay
    underWay.add(this)
  }

  end(): void {
    this.#underWay.remove(this)
    for (const tell of this.#waiting ?? []) tell()
  }

  ended(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting ??= []
    this.#waiting.push(resolve)
    return promise
  }
}

type Watched = Bagged & { readonly grant: Grant; readonly ended: (reason: Reason) => void }

/** No use is under way at first. */
export function createUses(): Uses {
  const underWay = createBag<Ticket>()
  const watched = createBag<Watched>()
  return {
    begin: (key, user, session) => new Ticket(underWay, key, user, session),
    watch(grant, ended) {
      const entry: Watched = { place: -1, grant, ended }
      watched.add(entry)
      return () => void watched.remove(entry)
    },
    async revoke(revocations, reason = 'revoked') {
      const isHit = (grant: Grant) => revocations.some((revocation) => ends(revocation, grant))
      for (const entry of watched.all()) {
        if (isHit(entry.grant) && watched.remove(entry)) entry.ended(reason)
      }
      const hit = underWay.all().filter(isHit)
      for (const ticket of hit) {
        if (ticket.live) ticket.reason = reason
        ticket.live = false
      }
      await Promise.all(hit.map((ticket) => ticket.ended()))
    },
    count: underWay.count,
  }
}

function ends({ key, user, session, except }: Revocation, grant: Grant): boolean {
  return (
    (key === undefined || key === grant.key) &&
    (user === undefined || user === grant.user) &&
    (session === undefined || session === grant.session) &&
    (except === undefined || except !== grant.session)
  )
}
