/** The logins that the agent holds, each with a connection of its own. They end by themselves. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ClusterClient, Connection } from '../cluster-clients.ts'
import { createClusterClients } from '../cluster-clients.ts'
import type { Credentials } from '../cluster-login.ts'

/** A cluster as a client configuration has it now. */
export type Target = {
  readonly clusterId: string
  /** Everything that the connection depends on: servers, certificates, options of sessions. */
  identity(): string
  connect(onLost: () => void): Connection
}

export type HeldLogin = {
  readonly target: Target
  readonly client: ClusterClient
  readonly role: string
  readonly username: string
  lastUsed: Moment
  readonly since: Moment
  /** Of what was proven to the HSM: see `digestOf`. */
  readonly digest: Buffer
}

/** Two clocks, since the one may be set and the other does not count the time in which a machine sleeps. */
export type Moment = { readonly wallMs: number; readonly monotonicMs: number }

export type HeldLogins = {
  /** A connection without a login. */
  anonymous(target: Target): ClusterClient
  /** The login, if it is the only one on this cluster. */
  only(target: Target): HeldLogin | undefined
  /**
   * The login that is held if it began with the very same credentials, and otherwise one that the HSM has granted just now.
   *
   * @param again the one that is held, if any, is over
   * @throws what `session.login` throws
   */
  login(target: Target, who: Credentials, again: boolean): Promise<HeldLogin>
  /** It was used just now. */
  used(login: HeldLogin): void
  /** Logs out at the HSM; the login is forgotten in any case. */
  end(login: HeldLogin): Promise<void>
  endAll(): Promise<void>
  /** Ends those that are too old, or have not been used for too long. */
  expire(): void
  list(): readonly HeldLogin[]
}

export type HeldLoginsNeeds = {
  readonly now: () => Moment
  readonly lifetimeMs: number
  readonly idleMs: number
}

/** The one used the longest ago makes room. */
const MOST = 64

/** None at first. */
export function createHeldLogins({ now, lifetimeMs, idleMs }: HeldLoginsNeeds): HeldLogins {
  const digestOf = createDigest()
  const held = new Map<string, HeldLogin>()
  const anonymous = new Map<string, ClusterClient>()
  const inTurn = createTurns()

  async function end(login: HeldLogin): Promise<void> {
    for (const [name, one] of held) if (one === login) held.delete(name)
    login.digest.fill(0)
    // Logs out, so that nothing is left of it in the store.
    await login.client.close()
  }

  function expire(): void {
    for (const login of held.values()) {
      const isOver = elapsed(login.since, now()) > lifetimeMs || elapsed(login.lastUsed, now()) > idleMs
      if (isOver) void end(login)
    }
  }

  async function begin(name: string, target: Target, who: Credentials): Promise<HeldLogin> {
    const client = clientOf(target)
    const granted = await client.login(who).catch(async (error: unknown) => {
      await client.close()
      throw error
    })
    const before = held.get(name)
    if (before) void end(before)
    const [oldest] = [...held.values()].toSorted((a, b) => a.lastUsed.monotonicMs - b.lastUsed.monotonicMs)
    if (oldest && held.size >= MOST) void end(oldest)
    const login = { target, client, ...granted, since: now(), lastUsed: now(), digest: digestOf(name, who) }
    held.set(name, login)
    return login
  }

  async function proven(name: string, target: Target, who: Credentials, again: boolean): Promise<HeldLogin> {
    expire()
    const login = held.get(name)
    const isSame = login !== undefined && timingSafeEqual(login.digest, digestOf(name, who))
    if (login && isSame && isOpen(login) && !again) return login
    return begin(name, target, who)
  }

  return {
    anonymous(target) {
      const identity = target.identity()
      const client = anonymous.get(identity) ?? clientOf(target)
      anonymous.set(identity, client)
      return client
    },
    only(target) {
      expire()
      const identity = target.identity()
      const found = [...held.values()].filter((one) => one.target.identity() === identity && isOpen(one))
      return found.length === 1 ? found[0] : undefined
    },
    login(target, who, again) {
      const name = JSON.stringify([target.identity(), who.role, who.username])
      return inTurn(name, () => proven(name, target, who, again))
    },
    used(login) {
      login.lastUsed = now()
    },
    end,
    async endAll() {
      const clients = [...anonymous.values()]
      anonymous.clear()
      await Promise.all([...[...held.values()].map(end), ...clients.map((client) => client.close())])
    },
    expire,
    list: () => [...held.values()],
  }
}

/** The HSM may have ended it. */
const isOpen = ({ client }: HeldLogin): boolean => client.username() !== undefined

export const elapsed = (then: Moment, now: Moment): number =>
  Math.max(now.wallMs - then.wallMs, now.monotonicMs - then.monotonicMs)

/**
 * Whether a password is the one that was proven is answered without the HSM, so something of it has to be kept. It is worth nothing
 * without the key, which this process alone has, and is compared in constant time.
 */
function createDigest(): (name: string, who: Credentials) => Buffer {
  const key = randomBytes(32)
  return (name, { password }) => createHmac('sha256', key).update(`${name}\n${password}`).digest()
}

/** Logins for one user take turns, so that two commands at once end up with the same one. */
function createTurns() {
  const turns = new Map<string, Promise<unknown>>()
  return async <R>(name: string, work: () => Promise<R>): Promise<R> => {
    const turn = (turns.get(name) ?? Promise.resolve()).then(work)
    const over = turn.catch(() => undefined)
    turns.set(name, over)
    try {
      return await turn
    } finally {
      if (turns.get(name) === over) turns.delete(name)
    }
  }
}

const clientOf = (target: Target): ClusterClient =>
  createClusterClients(
    { ids: () => [target.clusterId], connect: async (_id, onLost) => target.connect(onLost) },
    undefined,
  ).of(undefined)
