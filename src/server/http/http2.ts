/** HTTP/2 by Node's streams: its requests and responses in the form of HTTP/1.1 cost more than half as much again. */

import { constants, performServerHandshake, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Protocol } from '../../listener/tls.ts'
import { BYTE_COST_MS } from '../exchange.ts'
import { createPeer, type Peer } from '../peer.ts'
import { type HttpNeeds, REPLY_HEADERS, serve } from './serve.ts'

export const http2 = (needs: HttpNeeds): Protocol => ({
  start(socket, connection) {
    const peer = createPeer(needs, connection)
    const session = performServerHandshake(socket, optionsOf(needs))
    session.on('error', () => undefined) // 'close' follows
    session.on('stream', (stream, headers) => {
      serve(needs, peer, {
        method: headers[':method'],
        path: headers[':path'],
        headers,
        body: stream,
        send: (status, body) => send(stream, status, body),
        cutOff: () => stream.close(constants.NGHTTP2_CANCEL),
        onLeft: (left) => stream.on('close', left),
      })
      if (headers.expect === '100-continue') goOn(stream)
    })
    session.once('close', connection.destroy)
    connection.onGone(meter(needs, peer, socket))
    // Streams that are open come to their end; no more are taken.
    connection.established(() => session.close())
  },
})

/** How often a connection pays. */
const METER_MS = 100

/**
 * Peers without a session pay for all that they send, whatever frames it is in: those that are no request never leave Node's parser.
 * Beyond their budget they lose the connection.
 *
 * @returns ends it
 */
function meter({ budgets }: HttpNeeds, { user, connection }: Peer, socket: TLSSocket): () => void {
  let paid = 0
  const timer = setInterval(() => {
    const bytes = socket.bytesRead - paid
    paid += bytes
    if (bytes === 0 || user() !== undefined) return
    budgets.charge(connection.peer, bytes * BYTE_COST_MS)
    if (!budgets.has(connection.peer)) connection.destroy()
  }, METER_MS).unref()
  return () => clearInterval(timer)
}

const optionsOf = ({ limits }: HttpNeeds) => ({
  settings: {
    maxHeaderListSize: limits.headerBytes,
    maxConcurrentStreams: limits.requestsPerConnection,
    enablePush: false,
  },
})

function send(stream: ServerHttp2Stream, status: number, body: Buffer): void {
  if (stream.destroyed || stream.closed) return
  // Names and values in a row are taken as they are.
  const headers = [':status', String(status), ...REPLY_HEADERS.flat(), 'content-length', String(body.length)]
  if (status === 405) headers.push('allow', 'POST')
  stream.respond(headers)
  // Of a HEAD request the end has been written already.
  if (!stream.writableEnded) stream.end(body)
}

/** RFC 9110 §10.1.1. Unless the answer has left already. */
function goOn(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.closed && !stream.headersSent) stream.additionalHeaders({ ':status': 100 })
}
