/** The open connections of one listener: so many, of whom those without a session give way. */
import type { Socket } from 'node:net'
import { type Connection, type ConnectionLimits, createConnection } from './connection.ts'
import { createEvictable } from './eviction.ts'

export type ConnectionsLimits = ConnectionLimits & {
  readonly connections: number
  /** Of these, so many cannot be driven out, as they have a session; the others always find room. */
  readonly sessionConnections: number
}

export type Connections = {
  /** Takes a socket in, or destroys it when there is no room and nobody can give way. */
  accept(socket: Socket): Connection | undefined
  /** Closes each as soon as nothing is under way on it. Resolves when the last one is gone. */
  closeAll(): Promise<void>
  destroyAll(): void
}

/** @param onSession called when a connection has shown a session for the first time */
export function createConnections(
  limits: ConnectionsLimits,
  onSession: (connection: Connection) => void,
): Connections {
  const open = new Set<Connection>()
  const evictable = createEvictable<string, Connection>()
  const allGone = Promise.withResolvers<void>()
  let keeping = 0
  let closing = false
  const checkEmpty = () => {
    if (closing && open.size === 0) allGone.resolve()
  }

  function isRoom(): boolean {
    if (open.size < limits.connections) return true
    const victim = evictable.next()
    victim?.destroy()
    return victim !== undefined
  }

  function own(socket: Socket): Connection {
    let keeps = false
    const connection = createConnection(socket, limits, () => {
      onSession(connection)
      if (keeping >= limits.sessionConnections) return
      keeps = true
      keeping += 1
      evictable.remove(connection)
    })
    connection.onGone(() => {
      open.delete(connection)
      if (keeps) keeping -= 1
      else evictable.remove(connection)
      checkEmpty()
    })
    open.add(connection)
    evictable.add(connection)
    return connection
  }

  return {
    accept(socket) {
      if (!closing && isRoom()) return own(socket)
      socket.destroy()
      return undefined
    },
    closeAll() {
      closing = true
      for (const connection of open) connection.close()
      checkEmpty()
      return allGone.promise
    },
    destroyAll() {
      for (const connection of open) connection.destroy()
    },
  }
}
