/** HTTP/1.1 and HTTP/2 on connections whose handshake is done. */
import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Log } from '../base/log.ts'
import type { CallSource } from '../contract/call-source.ts'
import type { Connection } from '../listener/connection.ts'
import type { Protocols } from '../listener/tls.ts'
import { type BoundSessions, createBoundSessions } from './bound-sessions.ts'
import { type ExchangeNeeds, exchange, sourceOf } from './exchange.ts'
import { type Carrier, carrierOf, hangUp, type Incoming, type Outgoing } from './wire.ts'

export type HttpLimits = {
  readonly headerBytes: number
  readonly requestsPerConnection: number
  /** That can be bound to one connection. */
  readonly sessionsPerUser: number
}

export type HttpNeeds = ExchangeNeeds & {
  readonly limits: HttpLimits
  /** Called with the token of each session that was bound to a connection which is gone, and where that came from. */
  readonly onConnectionClosed: (token: string, source: CallSource) => void
}

export type Http = {
  readonly protocols: Protocols
  /** Requests under way, kept current: those whose peers are gone, too. */
  readonly underWay: ReadonlySet<Promise<void>>
}

type Peer = { readonly connection: Connection; readonly sessions: BoundSessions }

export function createHttp(needs: HttpNeeds): Http {
  const { limits, log, onConnectionClosed } = needs
  const peers = new WeakMap<Carrier, Peer>()
  const underWay = new Set<Promise<void>>()

  function carry(carrier: Carrier, connection: Connection): void {
    const sessions = createBoundSessions(connection, limits.sessionsPerUser, (token) =>
      onConnectionClosed(token, sourceOf(connection)),
    )
    peers.set(carrier, { connection, sessions })
    connection.onGone(sessions.end)
    connection.established(() => hangUp(carrier))
    carrier.once('close', connection.destroy)
  }
  function answer(request: Incoming, response: Outgoing): void {
    const carrier = carrierOf(request)
    const peer = carrier && peers.get(carrier)
    if (!peer) return
    const end = peer.connection.begin()
    const work = exchange(needs, { request, response, ...peer }).finally(() => {
      underWay.delete(work)
      end()
    })
    underWay.add(work)
  }

  // Neither ever listens. Idle connections are closed by the listener, which knows of sessions.
  const http1 = createHttp1({ maxHeaderSize: limits.headerBytes, keepAliveTimeout: 0 }, answer)
  http1.on('clientError', refuseWhatIsNotHttp)
  const http2 = createHttp2({ settings: settingsOf(limits) }, answer)
  http2.on('sessionError', (err: Error) => logFailure(log, err))
  return {
    underWay,
    protocols: {
      h2: {
        start(socket, connection) {
          http2.once('session', (session) => carry(session, connection))
          http2.emit('connection', socket)
        },
      },
      'http/1.1': {
        start(socket, connection) {
          carry(socket, connection)
          http1.emit('connection', socket)
        },
      },
    },
  }
}

const settingsOf = ({ headerBytes, requestsPerConnection }: HttpLimits) => ({
  maxHeaderListSize: headerBytes,
  maxConcurrentStreams: requestsPerConnection,
  enablePush: false,
})

const logFailure = (log: Log, err: Error) => log('debug', { err }, 'connection failed')

/** What the HTTP/1.1 parser cannot read gets an answer in the same form as everything else. */
function refuseWhatIsNotHttp(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Not within a callback of the TLS socket, which Node 26 does not survive.
  if (error.code === 'ECONNRESET' || !socket.writable) return void setImmediate(() => socket.destroy())
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
}
