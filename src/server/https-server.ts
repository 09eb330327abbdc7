/** The HTTPS door: `POST /v1/<operation>` over TLS 1.3, HTTP/1.1 and HTTP/2 on one port. */
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { type ConnectionLimits, type Connections, createConnections } from './connections.ts'
import { type ExchangeLimits, type ExchangeNeeds, exchange, type Log } from './exchange.ts'
import type { Incoming, Outgoing } from './wire.ts'

export type HttpsServerNeeds = {
  readonly hsm: Hsm
  /** PEM. The certificate comes with its chain, without the root. */
  readonly tls: { readonly key: string; readonly cert: string }
  readonly log: Log
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  /** Called with the token of each session that was bound to a connection which is gone. */
  readonly onConnectionClosed: (token: string) => void
  readonly limits?: Partial<ServerLimits>
}

export type ServerLimits = ConnectionLimits &
  ExchangeLimits & {
    readonly headerBytes: number
    readonly requestsInFlight: number
    readonly requestsPerConnection: number
    readonly connections: number
  }

export type Listening = { readonly host: string; readonly port: number }

export interface HttpsServer {
  /**
   * @param port 0 for any that is free
   * @throws HsmError `unavailable` with one sentence when the address cannot be had
   */
  listen(host: string, port: number): Promise<Listening>
  /** For connections that are made from now on. */
  setCertificate(tls: HttpsServerNeeds['tls']): void
  /** Accepts nothing more, lets requests under way finish, and cuts off what has not after `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>
}

const HANDSHAKE_MS = 10_000
const KEEP_ALIVE_PROBE_MS = 60_000

export function createHttpsServer(needs: HttpsServerNeeds): HttpsServer {
  const limits: ServerLimits = { ...LIMITS, ...needs.limits }
  const connections = createConnections({ limits, onConnectionClosed: needs.onConnectionClosed })
  const server = createSecureServer(serverOptions(needs.tls, limits))
  server.maxConnections = limits.connections
  const dropHandshakes = admit(server, connections)
  const underWay = answerRequests(server, connections, { ...needs, limits })
  refuseWhatIsNotHttp(server, needs.log)
  return {
    listen: (host, port) => listen(server, host, port),
    setCertificate: (tls) => server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' }),
    async close({ graceMs }) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const allGone = connections.closeAll()
      dropHandshakes()
      const graceOver = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        connections.destroyAll()
        graceOver.resolve()
      }, graceMs)
      const done = closed.then(() => allGone).then(() => Promise.all(underWay))
      await Promise.race([done, graceOver.promise])
      clearTimeout(timer)
    },
  }
}

const serverOptions = (tls: HttpsServerNeeds['tls'], limits: ServerLimits) => ({
  ...tls,
  minVersion: 'TLSv1.3' as const,
  handshakeTimeout: HANDSHAKE_MS,
  allowHTTP1: true,
  maxHeaderSize: limits.headerBytes,
  // Idle connections are closed by connections.ts, which knows of sessions.
  keepAliveTimeout: 0,
  settings: {
    maxHeaderListSize: limits.headerBytes,
    maxConcurrentStreams: limits.requestsPerConnection,
    enablePush: false,
  },
})

/** @returns a function that ends the connections which have not got beyond the TLS handshake */
function admit(server: Http2SecureServer, connections: Connections): () => void {
  const shakingHands = new Map<string, Socket>()
  const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    shakingHands.set(peer, socket)
    socket.once('close', () => shakingHands.delete(peer))
  })
  server.on('session', (session) => connections.open(session, session.socket.remoteAddress))
  server.on('secureConnection', (socket) => {
    shakingHands.delete(peerOf(socket))
    // Node sets it for HTTPS servers but not here, which costs the first HTTP/1.1 reply a delayed ACK of 40 ms.
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    if (socket.alpnProtocol !== 'h2') connections.open(socket, socket.remoteAddress)
  })
  return () => {
    // Not within a callback of the TLS socket above it, which Node 26 does not survive.
    setImmediate(() => {
      for (const socket of shakingHands.values()) socket.destroy()
    })
  }
}

/** @returns what is under way, kept current */
function answerRequests(
  server: Http2SecureServer,
  connections: Connections,
  needs: ExchangeNeeds & { readonly limits: ServerLimits },
): ReadonlySet<Promise<void>> {
  const underWay = new Set<Promise<void>>()
  server.on('request', (request: Incoming, response: Outgoing) => {
    const connection = connections.of(request)
    if (!connection) return
    const end = connection.begin()
    const hasRoom = underWay.size < needs.limits.requestsInFlight
    const work = exchange(needs, { request, response, connection, hasRoom }).finally(() => {
      underWay.delete(work)
      end()
    })
    underWay.add(work)
  })
  return underWay
}

/** What the HTTP/1.1 parser cannot read gets an answer in the same form as everything else. */
function refuseWhatIsNotHttp(server: Http2SecureServer, log: Log): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
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
  for (const event of ['tlsClientError', 'sessionError']) {
    server.on(event, (error: Error) => log('debug', { err: error }, 'connection failed'))
  }
}

function listen(server: Http2SecureServer, host: string, port: number): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<Listening>()
  const refuse = (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port))
  server.once('error', refuse)
  server.listen({ host, port }, () => {
    server.off('error', refuse)
    const { address, port: actual } = server.address() as AddressInfo
    resolve({ host: address, port: actual })
  })
  return promise
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program is using it',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'permission is denied',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up',
}

export function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): HsmError {
  const reason = REASONS[error.code ?? ''] ?? error.message
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new HsmError('unavailable', `Cannot listen on ${address}: ${reason}`, { cause: error })
}
