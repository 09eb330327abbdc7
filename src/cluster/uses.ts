/** The key uses that are under way on this HSM, so that a revocation can refuse them and wait until the last one ended. */
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
  /** Marks every use that the revocations end, at once; resolves when all of those have ended. */
  revoke(revocations: readonly Revocation[], reason?: Reason): Promise<void>
  /** How many are under way. */
  count(): number
}

type Ticket = {
  readonly key: string
  readonly user: string
  readonly session: string
  live: boolean
  reason: Reason
  ended: (() => void)[]
}

export function createUses(): Uses {
  const underWay = new Set<Ticket>()
  return {
    begin(key, user, session) {
      const ticket: Ticket = { key, user, session, live: true, reason: 'revoked', ended: [] }
      underWay.add(ticket)
      return {
        get live() {
          return ticket.live
        },
        get reason() {
          return ticket.reason
        },
        end() {
          underWay.delete(ticket)
          for (const ended of ticket.ended) ended()
        },
      }
    },
    async revoke(revocations, reason = 'revoked') {
      const hit = [...underWay].filter((ticket) => revocations.some((revocation) => ends(revocation, ticket)))
      for (const ticket of hit) {
        if (ticket.live) ticket.reason = reason
        ticket.live = false
      }
      await Promise.all(hit.map((ticket) => new Promise<void>((resolve) => ticket.ended.push(resolve))))
    },
    count: () => underWay.size,
  }
}

function ends({ key, user, session, except }: Revocation, ticket: Ticket): boolean {
  return (
    (key === undefined || key === ticket.key) &&
    (user === undefined || user === ticket.user) &&
    (session === undefined || session === ticket.session) &&
    (except === undefined || except !== ticket.session)
  )
}
