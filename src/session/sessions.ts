/** Logins that are open on this HSM. They live in memory only: a restart ends them all. */
import { hash } from 'node:crypto'
import type { Catalog, CatalogView } from '../catalog/catalog.ts'

export type Session = {
  /** Not secret; tells sessions apart in records and revocations. */
  readonly id: string
  readonly user: string
  /** The credential version the password was proven under. */
  readonly credentialVersion: number
  /** Undefined: the cluster's default. */
  readonly availabilityCheck: boolean | undefined
  /** ECDSA with hash functions weaker than the key, in FIPS mode. */
  readonly weakHashes: boolean
  readonly idleMs: number
  /** Id of the login record, if the login can be resumed. */
  readonly login: string | undefined
  /** Session keys; nobody else ever sees them. */
  readonly keys: Catalog
  lastUsed: number
  /** False once it has ended. */
  open: boolean
}

/** A session for whoever changes nothing. */
export type SessionView = Readonly<Omit<Session, 'keys'>> & { readonly keys: CatalogView }

export interface Sessions {
  newId(): string
  /** @returns the token, 256 random bits in base64url; only its hash is kept */
  open(session: Omit<Session, 'lastUsed' | 'open'>): string
  /** The session of a token, as long as it has not ended. Does not count as using it. */
  find(token: string): Session | undefined
  /** Whether the session has not ended, and has not been idle too long. Does not count as using it. */
  stands(session: Session): boolean
  /** Whether the session still stands; that counts as using it. One that has been idle too long ends here. */
  touch(session: Session): boolean
  end(id: string): void
  endAll(match: (session: Session) => boolean): void
  count(): number
  countOf(userId: string): number
  /**
   * Binds something to sessions: `listener` is called with each that ends, whatever ends it, in the same synchronous stretch of
   * code. Must not throw.
   */
  onEnd(listener: (session: Session) => void): void
}

/** For what is bound to sessions. */
export type SessionEnds = Pick<Sessions, 'onEnd'>

export type SessionsNeeds = {
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  readonly random: (bytes: number) => Uint8Array
}

/** No session is open at first: sessions do not survive a restart. */
export function createSessions({ monotonic, random }: SessionsNeeds): Sessions {
  const listeners: ((session: Session) => void)[] = []
  const byTokenHash = new Map<string, Session>()
  const remove = (hash: string, session: Session) => {
    byTokenHash.delete(hash)
    session.open = false
    for (const listener of listeners) listener(session)
  }
  const endAll = (match: (session: Session) => boolean) => {
    for (const [hash, session] of byTokenHash) if (match(session)) remove(hash, session)
  }
  const idle = (session: Session) => monotonic() - session.lastUsed > session.idleMs
  const living = () => {
    endAll(idle)
    return byTokenHash.values()
  }
  return {
    newId: () => Buffer.from(random(8)).toString('hex'),
    open(opened) {
      const token = Buffer.from(random(32)).toString('base64url')
      byTokenHash.set(hashOf(token), { ...opened, lastUsed: monotonic(), open: true })
      return token
    },
    find: (token) => byTokenHash.get(hashOf(token)),
    stands: (session) => session.open && !idle(session),
    touch(session) {
      if (!session.open) return false
      const now = monotonic()
      if (now - session.lastUsed > session.idleMs) {
        endAll((other) => other === session)
        return false
      }
      session.lastUsed = now
      return true
    },
    end: (id) => endAll((session) => session.id === id),
    endAll,
    count: () => living().toArray().length,
    countOf: (userId) => living().reduce((sum, session) => sum + (session.user === userId ? 1 : 0), 0),
    onEnd: (listener) => void listeners.push(listener),
  }
}

const hashOf = (token: string): string => hash('sha256', token, 'base64')
