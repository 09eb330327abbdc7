/** The open connections: how long each may idle, and which sessions end with it. */
import { type Carrier, carrierOf, hangUp, type Incoming } from './wire.ts'

export type Connection = {
  readonly remote: string | undefined
  /** A request begins; returns the function that ends it. */
  begin(): () => void
  /** Peers that have a session may stay longer. */
  showedSession(): void
  /** The session of this token ends with the connection. */
  bind(token: string): void
  /** As soon as no request is under way. */
  close(): void
}

export type ConnectionLimits = {
  readonly anonymousConnectionMs: number
  readonly idleConnectionMs: number
  readonly sessionsPerUser: number
}

export type ConnectionNeeds = {
  readonly limits: ConnectionLimits
  /** Called with each token bound to a connection that is gone. */
  readonly onConnectionClosed: (token: string) => void
}

export type Connections = {
  open(carrier: Carrier, remote: string | undefined): void
  /** Undefined when the connection is gone already. */
  of(request: Incoming): Connection | undefined
  /** Closes each as soon as no request is under way on it. Resolves when the last one is gone. */
  closeAll(): Promise<void>
  destroyAll(): void
}

export function createConnections(needs: ConnectionNeeds): Connections {
  const open = new Map<Carrier, Connection>()
  const allGone = Promise.withResolvers<void>()
  let closing = false
  const checkEmpty = () => {
    if (closing && open.size === 0) allGone.resolve()
  }
  return {
    open(carrier, remote) {
      const connection = createConnection(carrier, remote, needs)
      open.set(carrier, connection)
      carrier.once('close', () => {
        open.delete(carrier)
        checkEmpty()
      })
      // Its handshake was under way when the closing began.
      if (closing) connection.close()
    },
    of(request) {
      const carrier = carrierOf(request)
      return carrier && open.get(carrier)
    },
    closeAll() {
      closing = true
      for (const connection of open.values()) connection.close()
      checkEmpty()
      return allGone.promise
    },
    destroyAll() {
      for (const carrier of open.keys()) carrier.destroy()
    },
  }
}

function createConnection(carrier: Carrier, remote: string | undefined, needs: ConnectionNeeds): Connection {
  const { limits, onConnectionClosed } = needs
  const bound = new Set<string>()
  let inFlight = 0
  let hasSession = false
  let overdue = false
  let closing = false
  let gone = false

  const leaveIfIdle = () => {
    if (inFlight === 0) hangUp(carrier)
  }
  const onTime = () => {
    overdue = true
    leaveIfIdle()
  }
  let timer = setTimeout(onTime, limits.anonymousConnectionMs)

  const becameIdle = () => {
    if (closing || overdue) hangUp(carrier)
    else if (hasSession && bound.size === 0 && !gone) timer = setTimeout(onTime, limits.idleConnectionMs)
  }
  carrier.once('close', () => {
    gone = true
    clearTimeout(timer)
    for (const token of bound) onConnectionClosed(token)
  })
  return {
    remote,
    begin() {
      inFlight += 1
      if (hasSession) clearTimeout(timer)
      return () => {
        inFlight -= 1
        if (inFlight === 0) becameIdle()
      }
    },
    showedSession() {
      if (hasSession) return
      hasSession = true
      overdue = false
      clearTimeout(timer)
    },
    bind(token) {
      if (gone) onConnectionClosed(token)
      else bound.add(token)
      const [oldest] = bound
      if (bound.size <= limits.sessionsPerUser || oldest === undefined) return
      bound.delete(oldest)
      onConnectionClosed(oldest)
    },
    close() {
      closing = true
      leaveIfIdle()
    },
  }
}
