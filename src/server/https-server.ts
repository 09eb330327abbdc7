/** `POST /v1/<operation>` over TLS 1.3, HTTP/1.1 and HTTP/2 on one port. */
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Log } from '../base/log.ts'
import type { CallSource } from '../contract/call-source.ts'
import type { Admit, Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { type AnonymousLimits, createAnonymousBudgets } from '../listener/anonymous-budgets.ts'
import type { Connection } from '../listener/connection.ts'
import type { ConnectionsLimits } from '../listener/connections.ts'
import { createListener, type Listener } from '../listener/listener.ts'
import { type BoundSessions, createBoundSessions } from './bound-sessions.ts'
import { type ExchangeLimits, type ExchangeNeeds, exchange, sourceOf } from './exchange.ts'
import { createInFlight, type InFlightLimits } from './in-flight.ts'
import { createRequestLog, type RequestLogLimits } from './request-log.ts'
import { type Carrier, carrierOf, hangUp, type Incoming, type Outgoing } from './wire.ts'

export type HttpsServerNeeds = {
  readonly hsm: Hsm
  readonly admit: Admit
  /** PEM. The certificate comes with its chain, without the root. */
  readonly tls: { readonly key: string; readonly cert: string }
  readonly log: Log
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** Milliseconds that this thread has had of a processor. */
  readonly worked: () => number
  /** Called with the token of each session that was bound to a connection which is gone, and where that came from. */
  readonly onConnectionClosed: (token: string, source: CallSource) => void
  readonly limits?: Partial<ServerLimits>
}

export type ServerLimits = ConnectionsLimits &
  AnonymousLimits &
  ExchangeLimits &
  InFlightLimits &
  RequestLogLimits & {
    readonly headerBytes: number
    readonly requestsPerConnection: number
    /** That can be bound to one connection. */
    readonly sessionsPerUser: number
  }

/** `close` resolves when requests under way have finished, also those whose peers are gone. */
export type HttpsServer = Listener & {
  /** For connections that are made from now on. */
  setCertificate(tls: HttpsServerNeeds['tls']): void
}

const KEEP_ALIVE_PROBE_MS = 60_000
/** Of the event loop; estimated for one processor of a small server. */
const HANDSHAKE_COST_MS = 1.5

/** Serves nothing until `listen` is called. */
export function createHttpsServer(needs: HttpsServerNeeds): HttpsServer {
  const limits: ServerLimits = { ...LIMITS, ...needs.limits }
  const budgets = createAnonymousBudgets(limits, needs.monotonic)
  // It never listens: sockets are handed to it that the listener has accepted.
  const server = createSecureServer(serverOptions(needs.tls, limits))
  const peers = createPeers(server, limits, needs)
  const requestLog = createRequestLog(needs.log, limits, needs.monotonic)
  const inFlight = createInFlight(limits)
  const underWay = answerRequests(server, peers, { ...needs, limits, budgets, inFlight, requestLog })
  refuseWhatIsNotHttp(server, peers, needs.log)
  const listener = createListener({
    limits,
    budgets,
    startCostMs: HANDSHAKE_COST_MS,
    start: peers.start,
    onAcceptError: (err) => needs.log('warn', { err }, 'a connection could not be accepted'),
  })
  return {
    listen: listener.listen,
    setCertificate: (tls) => server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' }),
    async close({ graceMs }) {
      const graceOver = Promise.withResolvers<void>()
      const timer = setTimeout(graceOver.resolve, graceMs)
      const done = listener.close({ graceMs }).then(() => Promise.all(underWay))
      await Promise.race([done, graceOver.promise])
      clearTimeout(timer)
      requestLog.end()
    },
  }
}

const serverOptions = (tls: HttpsServerNeeds['tls'], limits: ServerLimits) => ({
  ...tls,
  minVersion: 'TLSv1.3' as const,
  handshakeTimeout: limits.handshakeMs,
  allowHTTP1: true,
  maxHeaderSize: limits.headerBytes,
  // Idle connections are closed by the listener, which knows of sessions.
  keepAliveTimeout: 0,
  settings: {
    maxHeaderListSize: limits.headerBytes,
    maxConcurrentStreams: limits.requestsPerConnection,
    enablePush: false,
  },
})

type Peer = { readonly connection: Connection; readonly sessions: BoundSessions }

type Peers = {
  start(socket: Socket, connection: Connection): void
  /** Undefined when the connection is gone already. */
  of(request: Incoming): Peer | undefined
  isEstablished(carrier: Carrier): boolean
}

/** What runs on the sockets of the listener: a TLS connection, and HTTP/1.1 or an HTTP/2 session on that. */
function createPeers(
  server: Http2SecureServer,
  { sessionsPerUser }: ServerLimits,
  { onConnectionClosed }: HttpsServerNeeds,
): Peers {
  /** Node does not say which socket is below a TLS connection, but both have its address. */
  const byAddress = new Map<string, Peer>()
  const byCarrier = new WeakMap<Carrier, Peer>()
  const addressOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  const carry = (carrier: Carrier, socket: Socket) => {
    const peer = byAddress.get(addressOf(socket))
    if (!peer) return carrier.destroy()
    byCarrier.set(carrier, peer)
    peer.connection.established(() => hangUp(carrier))
    carrier.once('close', peer.connection.destroy)
  }
  server.on('session', (session) => carry(session, session.socket as Socket))
  server.on('secureConnection', (socket) => {
    // Node sets it for HTTPS servers but not here, which costs the first HTTP/1.1 reply a delayed ACK of 40 ms.
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    if (socket.alpnProtocol !== 'h2') carry(socket, socket)
  })
  return {
    start(socket, connection) {
      const sessions = createBoundSessions(connection, sessionsPerUser, (token) =>
        onConnectionClosed(token, sourceOf(connection)),
      )
      const peer = { connection, sessions }
      const address = addressOf(socket)
      byAddress.set(address, peer)
      socket.once('close', () => {
        if (byAddress.get(address) === peer) byAddress.delete(address)
      })
      connection.onGone(sessions.end)
      server.emit('connection', socket)
    },
    of(request) {
      const carrier = carrierOf(request)
      return carrier && byCarrier.get(carrier)
    },
    isEstablished: (carrier) => byCarrier.has(carrier),
  }
}

/** @returns what is under way, kept current */
function answerRequests(
  server: Http2SecureServer,
  peers: Peers,
  needs: ExchangeNeeds,
): ReadonlySet<Promise<void>> {
  const underWay = new Set<Promise<void>>()
  server.on('request', (request: Incoming, response: Outgoing) => {
    const peer = peers.of(request)
    if (!peer) return
    const end = peer.connection.begin()
    const work = exchange(needs, { request, response, ...peer }).finally(() => {
      underWay.delete(work)
      end()
    })
    underWay.add(work)
  })
  return underWay
}

/**
 * What the HTTP/1.1 parser cannot read gets an answer in the same form as everything else. Failed handshakes come here,
 * too; Node leaves their sockets open.
 */
function refuseWhatIsNotHttp(server: Http2SecureServer, peers: Peers, log: Log): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable || !peers.isEstablished(socket as TLSSocket)) {
      // Not within a callback of the TLS socket, which Node 26 does not survive.
      return setImmediate(() => socket.destroy())
    }
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
    const message = tooLarge ? 'The request header is too large' : 'The request is not HTTP'
    const body = JSON.stringify({ code: tooLarge ? 'too-large' : 'invalid-request', message })
    const head = [
      `HTTP/1.1 ${tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  })
  server.on('sessionError', (err: Error) => log('debug', { err }, 'connection failed'))
}
