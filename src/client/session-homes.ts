/** Over which connection each session was opened: no other HSM knows it. */
import { LIMITS } from '../contract/limits.ts'
import type { Link } from './link.ts'

export interface SessionHomes {
  /** Undefined when the session was not opened over a connection that still stands. */
  of(session: string | undefined): Link | undefined
  /** Takes note of the session that a reply brought, if it did. @returns the reply */
  noted<R extends object>(link: Link, reply: R): R
  has(link: Link): boolean
  lost(link: Link): void
  /** Closes the connections with sessions. */
  close(): void
}

/** Which server each session lives on. */
export function createSessionHomes(): SessionHomes {
  const homes = new Map<string, Link>()
  return {
    of(session) {
      const home = session === undefined ? undefined : homes.get(session)
      return home?.isOpen() ? home : undefined
    },
    noted(link, reply) {
      if ('token' in reply && typeof reply.token === 'string') homes.set(reply.token, link)
      const [oldest] = homes.keys()
      if (homes.size > LIMITS.sessions && oldest !== undefined) homes.delete(oldest)
      return reply
    },
    has: (link) => homes.values().some((home) => home === link),
    lost(link) {
      for (const [session, home] of homes) if (home === link) homes.delete(session)
    },
    close() {
      for (const link of new Set(homes.values())) link.close()
      homes.clear()
    },
  }
}
