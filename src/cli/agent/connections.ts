/** The connections that the agent serves at the same time. When all places are taken, one that has been silent gives way. */

export type Connection = {
  /** Whether something that it asked is not answered yet. */
  isBusy(): boolean
  close(): void
}

export type Connections = {
  /** False when all places are taken, and none gives way. */
  admit(connection: Connection): boolean
  /** It asked something, or was answered, just now. */
  used(connection: Connection): void
  leave(connection: Connection): void
}

/** A command is silent for less between two questions, so as many commands as there are places do not end each other. */
export const SILENT_MS = 1_000

/**
 * @param most how many
 * @param now in milliseconds
 */
export function createConnections(most: number, now: () => number): Connections {
  /** When each was last used; those used the longest ago come first. */
  const served = new Map<Connection, number>()

  function silent(): Connection | undefined {
    for (const [connection, usedAt] of served) {
      if (now() - usedAt < SILENT_MS) return undefined
      if (!connection.isBusy()) return connection
    }
    return undefined
  }

  return {
    admit(connection) {
      if (served.size >= most) {
        const oldest = silent()
        if (!oldest) return false
        served.delete(oldest)
        oldest.close()
      }
      served.set(connection, now())
      return true
    },
    used(connection) {
      if (served.delete(connection)) served.set(connection, now())
    },
    leave: (connection) => void served.delete(connection),
  }
}
