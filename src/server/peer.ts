/** The other end of one connection: where it is, the sessions that end with it, and those that it asks through. */
import type { CallSource } from '../contract/call-source.ts'
import {
  type Admission,
  type Admit,
  type Admitter,
  type Caller,
  callerOf,
  type Hsm,
} from '../contract/hsm.ts'
import type { OperationName } from '../contract/operations.ts'
import type { Connection } from '../listener/connection.ts'
import { type BoundSessions, createBoundSessions } from './bound-sessions.ts'

export type Peer = {
  readonly connection: Connection
  /** Those that end with it. */
  readonly bound: BoundSessions
  /** Who asks, and whether they may. The token is looked up once. @throws HsmError as `Admitter` does */
  admit(operation: OperationName, token: string | undefined): Admitted
  /** A session was opened over this connection. */
  opened(token: string): void
  /** Id of a user whose session was opened or used over this connection and still stands; undefined: nobody is logged in. */
  user(): string | undefined
}

export type Admitted = {
  readonly admission: Admission
  /** For calls of that session, or of nobody. */
  readonly caller: Caller
}

export type PeerNeeds = {
  readonly hsm: Hsm
  readonly admit: Admit
  /** Called with the token of each session that was bound to a connection which is gone, and where that came from. */
  readonly onConnectionClosed: (token: string, source: CallSource) => void
  readonly limits: {
    /** That can be bound to one connection. */
    readonly sessionsPerUser: number
  }
}

/** Of one connection; the one that was shown first is forgotten for one more. */
const SESSIONS = 64

type Shown = { readonly admitter: Admitter; readonly caller: Caller }

export function createPeer(
  { hsm, admit, onConnectionClosed, limits }: PeerNeeds,
  connection: Connection,
): Peer {
  const source: CallSource = { kind: 'https', address: connection.remote ?? '-' }
  /** By token, and nobody's. */
  const shown = new Map<string | undefined, Shown>()
  const bound = createBoundSessions(connection, limits.sessionsPerUser, (token) =>
    onConnectionClosed(token, source),
  )
  connection.onGone(bound.end)

  const lookUp = (token: string | undefined): Shown => ({
    admitter: admit(token, source),
    caller: callerOf(hsm, token, source),
  })
  function keep(token: string | undefined, one: Shown): void {
    shown.set(token, one)
    if (shown.size > SESSIONS) shown.delete(shown.keys().next().value)
  }
  return {
    connection,
    bound,
    admit(operation, token) {
      const known = shown.get(token)
      const { admitter, caller } = known ?? lookUp(token)
      const admission = admitter.admit(operation)
      // Tokens that are no good do not take the place of those that are.
      if (!known) keep(token, { admitter, caller })
      return { admission, caller }
    },
    opened: (token) => keep(token, lookUp(token)),
    user() {
      for (const [token, { admitter }] of shown) {
        const user = admitter.user()
        if (user !== undefined) return user
        if (token !== undefined) shown.delete(token)
      }
      return undefined
    },
  }
}
