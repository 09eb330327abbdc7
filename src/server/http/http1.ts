/** HTTP/1.1. */
import { createServer, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Protocol } from '../../listener/tls.ts'
import { createPeer, type Peer } from '../peer.ts'
import { type HttpNeeds, REPLY_HEADERS, serve } from './serve.ts'

export function http1(needs: HttpNeeds): Protocol {
  const peers = new WeakMap<object, Peer>()
  // It never listens. Idle connections are closed by the listener, which knows of sessions.
  const server = createServer({ maxHeaderSize: needs.limits.headerBytes, keepAliveTimeout: 0 })
  server.on('clientError', refuseWhatIsNotHttp)
  server.on('request', (request, response) => {
    const peer = peers.get(request.socket)
    if (!peer) return
    const { method, url: path, headers } = request
    serve(needs, peer, {
      ...{ method, path, headers },
      body: request,
      send: (status, body) => send(response, status, body),
      cutOff: () => request.destroy(),
      onLeft(left) {
        response.once('close', left)
      },
    })
  })
  return {
    start(socket, connection) {
      peers.set(socket, createPeer(needs, connection))
      connection.established(() => socket.destroySoon())
      socket.once('close', connection.destroy)
      server.emit('connection', socket)
    },
  }
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.statusCode = status
  for (const [name, value] of REPLY_HEADERS) response.setHeader(name, value)
  response.setHeader('content-length', body.length)
  if (status === 405) response.setHeader('allow', 'POST')
  response.end(body)
}

/** What the parser cannot read gets an answer in the same form as everything else. */
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
