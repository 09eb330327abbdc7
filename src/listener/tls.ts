/** TLS on the sockets of a listener: each connection goes to the protocol that its client asked for (ALPN, RFC 7301). */
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Connection } from './connection.ts'

/** What is spoken on a connection. A module that has one of its own adds a row to `Protocols`. */
export type Protocol = {
  /** Takes over a connection whose handshake is done. Calls `connection.established` in the same turn. */
  readonly start: (socket: TLSSocket, connection: Connection) => void
}

/** By the name in ALPN, the one that the server prefers first. Clients that name none get `http/1.1`. */
export type Protocols = Readonly<Record<string, Protocol>>

/** PEM. The certificate comes with its chain, without the root. */
export type TlsIdentity = { readonly key: string; readonly cert: string }

export type Tls = {
  /** Begins the handshake on a socket that a listener has accepted. Whoever owns the connection limits its time. */
  start(socket: Socket, connection: Connection): void
  /** For connections that are made from now on. */
  setIdentity(identity: TlsIdentity): void
}

const WITHOUT_ALPN = 'http/1.1'
const KEEP_ALIVE_PROBE_MS = 60_000

export type TlsNeeds = {
  readonly identity: TlsIdentity
  readonly protocols: Protocols
  readonly handshakeMs: number
}

/** TLS 1.3 and nothing older. */
export function createTls({ identity, protocols, handshakeMs }: TlsNeeds): Tls {
  const contextOf = (own: TlsIdentity) => ({ ...own, minVersion: 'TLSv1.3' }) as const
  // It never listens: sockets are handed to it that the listener has accepted.
  const server = createServer({
    ...contextOf(identity),
    handshakeTimeout: handshakeMs,
    ALPNCallback: selection(protocols),
  })
  /** Node does not say which socket is below a TLS connection, but both have its addresses. */
  const connections = new Map<string, Connection>()
  server.on('secureConnection', (socket) => {
    const connection = connections.get(addressesOf(socket))
    const protocol = protocols[socket.alpnProtocol || WITHOUT_ALPN]
    if (!connection || !protocol) return void socket.destroy()
    // What is written is whole: waiting for more of it costs a delayed ACK of 40 ms.
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    socket.on('error', () => undefined) // 'close' follows
    protocol.start(socket, connection)
  })
  // Node leaves their sockets open. Not within a callback of the TLS socket, which Node 26 does not survive.
  server.on('tlsClientError', (_, socket) => setImmediate(() => socket.destroy()))
  return {
    start(socket, connection) {
      const addresses = addressesOf(socket)
      connections.set(addresses, connection)
      socket.once('close', () => {
        if (connections.get(addresses) === connection) connections.delete(addresses)
      })
      server.emit('connection', socket)
    },
    setIdentity: (renewed) => server.setSecureContext(contextOf(renewed)),
  }
}

const addressesOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`

type Selection = (offer: { readonly protocols: readonly string[] }) => string | undefined

/** RFC 7301 §3.2. Without a protocol in common the handshake ends with the alert no_application_protocol. */
const selection =
  (protocols: Protocols): Selection =>
  ({ protocols: offered }) =>
    Object.keys(protocols).find((known) => offered.includes(known))
