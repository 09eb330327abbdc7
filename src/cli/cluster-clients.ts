/** The clusters a program talks to, each with its connection and the login held there. */
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import { shown } from '../contract/shown.ts'
import {
  type Credentials,
  createClusterLogin,
  type LoginOptions,
  type SessionOptions,
} from './cluster-login.ts'

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

export type Connection = {
  readonly hsm: Hsm
  /** What the configuration says of every session; left out, as the cluster has it. */
  readonly sessionOptions?: SessionOptions
  close(): void
}

/** What names a cluster on the command line. */
export type ClusterOption = '--cluster-id' | '--source-cluster-id' | '--destination-cluster-id'

/**
 * One cluster, and the login held on it. When the session goes, with its HSM or with the connection, the next call has
 * another one (see `cluster-login.ts`).
 */
export type ClusterClient = {
  readonly clusterId: string
  /** Who is logged in, as the HSM names the user. */
  username(): string | undefined
  call<K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>>
  login(who: Credentials, options?: LoginOptions): Promise<{ username: string; role: string }>
  logout(): Promise<void>
  /** Ends the login and the connection, with which its session ends. */
  close(): Promise<void>
}

export type ClusterClients = {
  /** @param id undefined: the default, or the only one */
  of(id: string | undefined, option?: ClusterOption): ClusterClient
  /** What the shell shows before a command. */
  prompt(): string
  close(): Promise<void>
}

/**
 * @param preferred the cluster of a command that names none; undefined: the only one
 * @param onLost a connection with a login went; `goesOn`: the login has another session with the next call
 * @throws HsmError `invalid-request` when the preferred cluster is not configured
 */
export function createClusterClients(
  clusters: Clusters,
  preferred: string | undefined,
  onLost: (clusterId: string, goesOn: boolean) => void = () => undefined,
): ClusterClients {
  const clients = new Map<string, ClusterClient>()
  const [first, ...others] = clusters.ids()
  const fallback = preferred === undefined && others.length === 0 ? first : preferred
  if (fallback !== undefined) chosenCluster(clusters, fallback)
  return {
    of(asked, option) {
      const id = chosenCluster(clusters, asked ?? fallback, option)
      const client = clients.get(id) ?? createClusterClient(clusters, id, (goesOn) => onLost(id, goesOn))
      clients.set(id, client)
      return client
    },
    prompt() {
      const username = fallback === undefined ? undefined : clients.get(fallback)?.username()
      return others.length > 0 && username !== undefined ? `${username}@${fallback} > ` : 'aws-cloudhsm > '
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}

/** @throws HsmError `invalid-request` when it is not configured, or none is named and there are several */
export function chosenCluster(
  clusters: Pick<Clusters, 'ids'>,
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

function createClusterClient(
  clusters: Clusters,
  clusterId: string,
  onLost: (goesOn: boolean) => void,
): ClusterClient {
  let connection: Promise<Connection> | undefined
  const held = createClusterLogin()

  function connected(): Promise<Connection> {
    connection ??= open().catch((error: unknown) => {
      connection = undefined
      throw error
    })
    return connection
  }

  const open = () =>
    clusters.connect(clusterId, () => {
      const goesOn = held.disconnected()
      if (goesOn !== undefined) onLost(goesOn)
    })

  async function call<K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>> {
    const { hsm } = await connected()
    const login = held.current()
    if (!login) return hsm.call(operation, request)
    await held.resumed(hsm, login, undefined)
    const { token } = login
    try {
      const reply = await hsm.call(operation, request, token)
      held.used(hsm, login)
      return reply
    } catch (error) {
      if (!isUntouched(error)) throw error
      await held.resumed(hsm, login, token, error)
      return hsm.call(operation, request, login.token)
    }
  }

  async function logout(): Promise<void> {
    try {
      await call('session.logout', {})
    } catch (error) {
      // Not asked, and to be asked again. After anything else the login is forgotten here, whatever others know of its end.
      if (!(error instanceof HsmError && error.code === 'busy')) held.end()
      throw error
    }
    held.end()
  }

  return {
    clusterId,
    username: () => held.current()?.username,
    call,
    async login(who, options = {}) {
      if (held.current()) throw new HsmError('already-logged-in')
      const { hsm, sessionOptions } = await connected()
      return held.begin(hsm, who, sessionOptions, options)
    },
    logout,
    async close() {
      const { token, again } = held.current() ?? {}
      // Whoever has lost the connection does not wait for another one to log out, nor for what the end of the connection does.
      if (token !== undefined && !again) await logout().catch(() => undefined)
      await connection?.then(({ close }) => close()).catch(() => undefined)
    },
  }
}

/** It is certain that the HSM has not done what it was asked. */
const isUntouched = (error: unknown): error is HsmError =>
  error instanceof HsmError && (error.code === 'not-logged-in' || error.code === 'not-serving')
