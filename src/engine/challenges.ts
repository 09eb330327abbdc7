/** Challenges that sessions have asked for: each is good once, for a short while, and only in its session. */
import { LIMITS } from '../contract/limits.ts'

export interface Challenges {
  /** A session that asks for too many loses its oldest. @returns 32 random bytes in hex */
  make(session: string): string
  /** Whether it was there to be taken; it is not any more. */
  take(session: string, nonce: string): boolean
  endSession(session: string): void
}

/** @param monotonic milliseconds */
export function createChallenges(random: (bytes: number) => Uint8Array, monotonic: () => number): Challenges {
  /** By session: when each was made, oldest first. */
  const sessions = new Map<string, Map<string, number>>()
  return {
    make(session) {
      const own = sessions.get(session) ?? new Map<string, number>()
      sessions.set(session, own)
      const [oldest] = own.keys()
      if (own.size >= LIMITS.challengesPerSession && oldest !== undefined) own.delete(oldest)
      const nonce = Buffer.from(random(32)).toString('hex')
      own.set(nonce, monotonic())
      return nonce
    },
    take(session, nonce) {
      const madeAt = sessions.get(session)?.get(nonce)
      sessions.get(session)?.delete(nonce)
      return madeAt !== undefined && monotonic() - madeAt <= LIMITS.challengeMs
    },
    endSession: (session) => void sessions.delete(session),
  }
}
