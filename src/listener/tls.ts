/** TLS on the sockets of a listener: each connection goes to the protocol that its client asked for (ALPN, RFC 7301). */
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Connection } from './connection.ts'

/** What is spoken on a connection. A module that has one of its own adds a row to `Protocols`. */
export type Protocol = {
  /** Takes over a connection whose handshake is done. Calls `connection.established` in the same turn. */
  readonly start: (socket: TLSSocket, connection: Connection) => void
  /**
   * The client must show a certificate that `TlsNeeds.clientCa` issued for the authentication of clients. Others do not get
   * past the handshake. Clients of other protocols are not asked for one. Default: false.
   */
  readonly needsCertificate?: boolean
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
  /** PEM. Issues the certificates of clients; left out when no protocol needs one. */
  readonly clientCa?: string
  readonly handshakeMs: number
}

/** TLS 1.3 and nothing older. */
export function createTls({ identity, protocols, clientCa, handshakeMs }: TlsNeeds): Tls {
  const contextOf = (own: TlsIdentity) =>
    ({ ...own, ...(clientCa !== undefined && { ca: clientCa }), minVersion: 'TLSv1.3' }) as const
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

/** Node calls it as a method of the connection, before the certificate of the server is sent. */
type Selection = (this: TLSSocket, offer: { readonly protocols: readonly string[] }) => string | undefined

/** RFC 7301 §3.2. Without a protocol in common the handshake ends with the alert no_application_protocol. */
const selection = (protocols: Protocols): Selection =>
  function select({ protocols: offered }) {
    const name = Object.keys(protocols).find((known) => offered.includes(known))
    if (name !== undefined && protocols[name]?.needsCertificate) requireCertificate(this)
    return name
  }

/**
 * As the options `requestCert` and `rejectUnauthorized` of a TLS server do for all of its connections. Node has no interface for
 * one of them; should what is used here be gone one day, the handshake fails.
 */
function requireCertificate(socket: TLSSocket): void {
  const internal = socket as unknown as {
    _requestCert: boolean
    _rejectUnauthorized: boolean
    readonly _handle: { setVerifyMode(request: boolean, reject: boolean): void }
  }
  internal._requestCert = true
  internal._rejectUnauthorized = true
  internal._handle.setVerifyMode(true, true)
}
