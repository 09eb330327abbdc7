/**
 * The HSM's side of the keeper: a process that has every PKCS#11 connection open as well, does nothing with them, and
 * outlives the HSM. A program whose connection broke would be killed by its next call (the client library writes
 * without suppressing SIGPIPE); so it finds the keeper at the other end instead.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Log } from '../base/log.ts'
import type { ProgramSnapshot } from '../pkcs11/serve.ts'
import type { KeeperMessage } from './keeper-messages.ts'
import { createKeeperProcess } from './keeper-process.ts'

export type Held = {
  /** The keeper could go on with it from here. */
  idle(snapshot: ProgramSnapshot): void
  /** Something is asked; if the HSM ended now, nobody could tell whether it had been answered. */
  busy(): void
  gone(): void
}

export type Keeper = {
  hold(socket: Socket): Held
  /** How many connections would go on if this process ended now. */
  ready(): number
  /** Resolves when the keeper knows all that it was told. It takes over when this process ends. */
  told(): Promise<void>
}

type Connection = {
  readonly socket: Socket
  keeper: ChildProcess
  /** Undefined while something is asked. */
  snapshot: ProgramSnapshot | undefined
}

/** @param start the process, with an IPC channel */
export function createKeeper(start: () => ChildProcess, log: Log): Keeper {
  const { running, tell, told } = createKeeperProcess(start, holdAnew, log)
  let lastId = 0
  const connections = new Map<number, Connection>()
  const ready = new Set<number>()

  function holdAnew(): void {
    for (const [id, connection] of connections) {
      if (connection.keeper.connected) continue
      ready.delete(id)
      connection.keeper = running()
      void tell(connection.keeper, { hold: id }, handleOf(connection.socket))
      if (connection.snapshot) reportIdle(id, connection, connection.snapshot)
    }
  }

  function reportIdle(id: number, connection: Connection, snapshot: ProgramSnapshot): void {
    connection.snapshot = snapshot
    const { keeper } = connection
    void tell(keeper, { idle: id, snapshot }).then(() => {
      if (connection.snapshot === snapshot && keeper.connected) ready.add(id)
    })
  }

  function notReady(id: number, { keeper }: Connection, message: KeeperMessage): void {
    ready.delete(id)
    void tell(keeper, message)
  }

  return {
    hold(socket) {
      lastId += 1
      const id = lastId
      const connection: Connection = { socket, keeper: running(), snapshot: undefined }
      connections.set(id, connection)
      void tell(connection.keeper, { hold: id }, handleOf(socket))
      return {
        idle: (snapshot) => reportIdle(id, connection, snapshot),
        busy() {
          connection.snapshot = undefined
          notReady(id, connection, { busy: id })
        },
        gone() {
          connection.snapshot = undefined
          connections.delete(id)
          notReady(id, connection, { gone: id })
        },
      }
    },
    ready: () => [...ready].filter((id) => connections.get(id)?.keeper.connected).length,
    told,
  }
}

/**
 * The socket itself would begin to read at the other end, and take from this one what it should read; the handle
 * below it does nothing by itself. Node passes both.
 */
const handleOf = (socket: Socket): Handle | null =>
  (socket as unknown as { readonly _handle: Handle | null })._handle

type Handle = { readStop(): void }

/** What has not been read yet stays in the system's hands, for whoever has the connection open as well. */
export const stopReading = (socket: Socket): void => handleOf(socket)?.readStop()
