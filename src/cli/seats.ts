/** The clusters a program talks to, each with its connection and the login held there. */
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import { shown } from '../contract/shown.ts'
import type { Role } from '../contract/users.ts'

/** The clusters of a client configuration. */
export type Clusters = {
  /** In the order of the configuration, without repetition, at least one. */
  ids(): readonly string[]
  /**
   * @param onLost the connection went without being closed, and with it the sessions opened through it
   * @throws HsmError
   */
  connect(id: string, onLost: () => void): Promise<Connection>
}

export type SessionOptions = Pick<
  Request<'session.login'>,
  'key-availability-check' | 'ecdsa-with-weak-hash-function'
>

export type Connection = {
  readonly hsm: Hsm
  /** What the configuration says of every session; left out, as the cluster has it. */
  readonly sessionOptions?: SessionOptions
  close(): void
}

export type Credentials = { readonly username: string; readonly role: Role; readonly password: string }

/** What names a cluster on the command line. */
export type ClusterOption = '--cluster-id' | '--source-cluster-id' | '--destination-cluster-id'

export type LoginOptions = {
  /** Log in anew, and ask again, when the HSM with the login goes or stops serving. */
  readonly again?: boolean
  /** Whether nobody waits for it any longer: then nobody is logged in by it. */
  readonly isGivenUp?: () => boolean
}

/** One cluster, and the login held on it. */
export type Seat = {
  readonly clusterId: string
  /** Who is logged in, as the HSM names the user. */
  username(): string | undefined
  call<K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>>
  login(who: Credentials, options?: LoginOptions): Promise<{ username: string; role: string }>
  logout(): Promise<void>
  /** Logs out and closes the connection, which would end the session as well. */
  close(): Promise<void>
}

export type Seats = {
  /** @param id undefined: the default, or the only one */
  seat(id: string | undefined, option?: ClusterOption): Seat
  /** What the shell shows before a command. */
  prompt(): string
  close(): Promise<void>
}

/**
 * @param preferred the cluster of a command that names none; undefined: the only one
 * @param onLoginLost the connection went, and with it a login
 * @throws HsmError `invalid-request` when the preferred cluster is not configured
 */
export function createSeats(
  clusters: Clusters,
  preferred: string | undefined,
  onLoginLost: (clusterId: string) => void = () => undefined,
): Seats {
  const seats = new Map<string, Seat>()
  const [first, ...others] = clusters.ids()
  const fallback = preferred === undefined && others.length === 0 ? first : preferred
  if (fallback !== undefined) chosenCluster(clusters, fallback)
  return {
    seat(asked, option) {
      const id = chosenCluster(clusters, asked ?? fallback, option)
      const seat = seats.get(id) ?? createSeat(clusters, id, () => onLoginLost(id))
      seats.set(id, seat)
      return seat
    },
    prompt() {
      const username = fallback === undefined ? undefined : seats.get(fallback)?.username()
      return others.length > 0 && username !== undefined ? `${username}@${fallback} > ` : 'aws-cloudhsm > '
    },
    async close() {
      await Promise.all([...seats.values()].map((seat) => seat.close()))
    },
  }
}

/** @throws HsmError `invalid-request` when it is not configured, or none is named and there are several */
export function chosenCluster(
  clusters: Clusters,
  asked: string | undefined,
  option: ClusterOption = '--cluster-id',
): string {
  const ids = clusters.ids()
  const id = ids.length === 1 ? (asked ?? ids[0]) : asked
  if (id === undefined) {
    throw new HsmError(
      'invalid-request',
      `Several clusters are configured, choose one with --cluster-id: ${ids.join(', ')}`,
    )
  }
  if (!ids.includes(id)) {
    throw new HsmError('invalid-request', `${option}: ${shown(id)} is not a configured cluster`)
  }
  return id
}

function createSeat(clusters: Clusters, clusterId: string, onLoginLost: () => void): Seat {
  let connection: Promise<Connection> | undefined
  let login: { readonly username: string; readonly token: string } | undefined
  let standIn: Credentials | undefined

  function connected(): Promise<Connection> {
    connection ??= open().catch((error: unknown) => {
      connection = undefined
      throw error
    })
    return connection
  }

  const open = () =>
    clusters.connect(clusterId, () => {
      if (login) onLoginLost()
      login = undefined
    })

  async function call<K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>> {
    const { hsm } = await connected()
    try {
      return await hsm.call(operation, request, login?.token)
    } catch (error) {
      if (!isUntouched(error)) throw error
      // Ended by the HSM: idle for too long, or the password was changed. Or the HSM was.
      if (error.code === 'not-logged-in') login = undefined
      if (!standIn) throw error
      const { token } = await logIn(hsm, standIn)
      return hsm.call(operation, request, token)
    }
  }

  async function logIn(hsm: Hsm, who: Credentials, isGivenUp = () => false) {
    const { sessionOptions } = await connected()
    const { token, ...user } = await hsm.call('session.login', {
      ...who,
      'idle-seconds': LIMITS.sessionIdleSecondsMax,
      ...sessionOptions,
    })
    if (isGivenUp()) {
      await hsm.call('session.logout', {}, token)
      throw new HsmError('not-logged-in')
    }
    login = { username: user.username, token }
    return { token, user }
  }

  async function logout(): Promise<void> {
    standIn = undefined
    await call('session.logout', {})
    login = undefined
  }

  return {
    clusterId,
    username: () => login?.username,
    call,
    async login(who, { again = false, isGivenUp } = {}) {
      if (login) throw new HsmError('already-logged-in')
      const { hsm } = await connected()
      const { user } = await logIn(hsm, who, isGivenUp)
      if (again) standIn = who
      return user
    },
    logout,
    async close() {
      if (login) await logout().catch(() => undefined)
      await connection?.then(({ close }) => close()).catch(() => undefined)
    },
  }
}

/** It is certain that the HSM has not done what it was asked. */
const isUntouched = (error: unknown): error is HsmError =>
  error instanceof HsmError && (error.code === 'not-logged-in' || error.code === 'not-serving')
