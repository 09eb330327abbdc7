/** A TCP port: whatever it accepts has an owner, a limit and a time before a protocol sees it. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type ListenAddress, showAddress } from '../base/listen-address.ts'
import { reasonOf } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'
import type { Budgets } from '../rates/budgets.ts'
import type { Connection } from './connection.ts'
import { type ConnectionsLimits, createConnections } from './connections.ts'
import { createHandshakeQueue } from './handshake-queue.ts'

export type ListenerNeeds = {
  /** What it cannot do when the address cannot be had; left out, listen. */
  readonly purpose?: string
  readonly limits: ConnectionsLimits
  /** Milliseconds of the event loop that peers without a session may take. */
  readonly budgets: Budgets
  /** Of the event loop, for each new connection. */
  readonly startCostMs: number
  /** Hands a socket on to its protocol, which calls `established`. The socket is paused. */
  readonly start: (socket: Socket, connection: Connection) => void
  /** A connection could not be accepted, for want of descriptors for example. */
  readonly onAcceptError: (error: Error) => void
}

export type Listener = {
  /**
   * @param port 0 for any that is free
   * @returns the address in numbers, and the port that it got
   * @throws HsmError `unavailable` with one sentence when the address cannot be had
   */
  listen(host: string, port: number): Promise<ListenAddress>
  /** Accepts nothing more, lets what is under way finish, and cuts off what has not after `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>
}

/** Accepts nothing until `listen` is called. */
export function createListener(needs: ListenerNeeds): Listener {
  const { purpose = 'listen', limits, budgets, startCostMs, start, onAcceptError } = needs
  // Who has a login pays nothing for the handshake after all.
  const connections = createConnections(limits, ({ peer }) => budgets.refund(peer, startCostMs))
  const handshakes = createHandshakeQueue(budgets, startCostMs)
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const connection = connections.accept(socket)
    if (!connection) return
    connection.onGone(() => handshakes.forget(connection))
    handshakes.begin(connection, () => start(socket, connection))
  })
  return {
    listen(host, port) {
      const { promise, resolve, reject } = Promise.withResolvers<ListenAddress>()
      const refuse = (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port, purpose))
      server.once('error', refuse)
      server.listen({ host, port }, () => {
        server.off('error', refuse)
        server.on('error', onAcceptError)
        const { address, port: actual } = server.address() as AddressInfo
        resolve({ host: address, port: actual })
      })
      return promise
    },
    async close({ graceMs }) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const graceOver = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        connections.destroyAll()
        graceOver.resolve()
      }, graceMs)
      await Promise.race([connections.closeAll().then(() => closed), graceOver.promise])
      clearTimeout(timer)
    },
  }
}

/** `unavailable` with the address and the reason in one sentence. */
export function cannotListen(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  purpose = 'listen',
): HsmError {
  const address = showAddress({ host, port })
  return new HsmError('unavailable', `Cannot ${purpose} on ${address}: ${reasonOf(error)}`, { cause: error })
}
