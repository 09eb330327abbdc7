/** Challenges that sessions have asked for: each is good once, for a short while, and only in its session. */
import { LIMITS } from '../contract/limits.ts'
import type { SessionEnds, SessionsNeeds } from './sessions.ts'

export interface Challenges {
  /** A session that asks for too many loses its oldest. @returns 32 random bytes in hex */
  make(session: string): string
  /** Whether it was there to be taken; it is not any more. */
  take(session: string, nonce: string): boolean
}

type ChallengesNeeds = SessionsNeeds & { readonly sessions: SessionEnds }

/** A session's oldest challenge makes room for one too many. All end with the session. */
export function createChallenges({ random, monotonic, sessions }: ChallengesNeeds): Challenges {
  /** By session: when each was made, oldest first. */
  const bySession = new Map<string, Map<string, number>>()
  sessions.onEnd(({ id }) => void bySession.delete(id))
  return {
    make(session) {
      const own = bySession.get(session) ?? new Map<string, number>()
      bySession.set(session, own)
      const [oldest] = own.keys()
      if (own.size >= LIMITS.challengesPerSession && oldest !== undefined) own.delete(oldest)
      const nonce = Buffer.from(random(32)).toString('hex')
      own.set(nonce, monotonic())
      return nonce
    },
    take(session, nonce) {
      const madeAt = bySession.get(session)?.get(nonce)
      bySession.get(session)?.delete(nonce)
      return madeAt !== undefined && monotonic() - madeAt <= LIMITS.challengeMs
    },
  }
}
