/** The other end of one connection: where it is, the sessions that end with it, and those that it calls through. */
import type { CallSource } from '../contract/call-source.ts'
import { type Caller, callerOf, type Hsm } from '../contract/hsm.ts'
import type { Connection } from '../listener/connection.ts'
import { type BoundSessions, createBoundSessions } from './bound-sessions.ts'

export type Peer = {
  readonly connection: Connection
  readonly source: CallSource
  readonly sessions: BoundSessions
  /** Calls of the session with this token, which is looked up once. */
  caller(token: string | undefined): Caller
}

export type PeerNeeds = {
  readonly hsm: Hsm
  /** Called with the token of each session that was bound to a connection which is gone, and where that came from. */
  readonly onConnectionClosed: (token: string, source: CallSource) => void
  readonly limits: {
    /** That can be bound to one connection. */
    readonly sessionsPerUser: number
  }
}

/** Of one connection; the one that was made first is forgotten for one more. */
const CALLERS = 64

export function createPeer({ hsm, onConnectionClosed, limits }: PeerNeeds, connection: Connection): Peer {
  const source: CallSource = { kind: 'https', address: connection.remote ?? '-' }
  const callers = new Map<string | undefined, Caller>()
  const sessions = createBoundSessions(connection, limits.sessionsPerUser, (token) =>
    onConnectionClosed(token, source),
  )
  connection.onGone(sessions.end)
  return {
    connection,
    source,
    sessions,
    caller(token) {
      const known = callers.get(token)
      if (known) return known
      const caller = callerOf(hsm, token, source)
      callers.set(token, caller)
      if (callers.size > CALLERS) callers.delete(callers.keys().next().value)
      return caller
    },
  }
}
