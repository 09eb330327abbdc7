/** The port that Prometheus reads from: plain HTTP, one page, one request a connection. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { ListenAddress } from '../base/listen-address.ts'
import { LIMITS } from '../contract/limits.ts'
import { createAnonymousBudgets } from '../listener/anonymous-budgets.ts'
import type { ConnectionsLimits } from '../listener/connections.ts'
import { createListener } from '../listener/listener.ts'

/** Nobody logs in here; a scraper connects anew when its connection was closed. */
const CONNECTIONS: ConnectionsLimits = {
  connections: 16,
  sessionConnections: 0,
  handshakeMs: 5000,
  anonymousConnectionMs: 15_000,
  idleConnectionMs: 15_000,
}
const HEAD_BYTES = 8 * 1024
/** In which a head may arrive: one is usual. */
const HEAD_PIECES = 32
const END_OF_HEAD = '\r\n\r\n'
/** Of the event loop, for a connection and its one request. */
const CONNECTION_COST_MS = 2
/** How old a page may be. */
const PAGE_INTERVAL_MS = 200
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

export type Endpoint = { readonly listening: ListenAddress; close(): Promise<void> }

export type EndpointNeeds = {
  /** Makes the page, five times a second at most. */
  readonly render: () => Promise<string>
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
  readonly onAcceptError: (error: Error) => void
  readonly limits?: Partial<ConnectionsLimits>
}

/** @throws HsmError `unavailable` with one sentence when the address cannot be had */
export async function openEndpoint(
  { host, port }: ListenAddress,
  { render, monotonic, onAcceptError, limits }: EndpointNeeds,
): Promise<Endpoint> {
  const page = sharedPage(render, monotonic)
  // It never listens: it is handed one head of each connection that the listener has accepted.
  const server = createServer({ maxHeaderSize: HEAD_BYTES }, (request, response) => {
    void answer(request, response, page)
  })
  server.on('clientError', (_, carrier) => carrier.end(refusal('400 Bad Request')))
  const listener = createListener({
    purpose: 'serve metrics',
    limits: { ...CONNECTIONS, ...limits },
    budgets: createAnonymousBudgets(LIMITS, monotonic),
    startCostMs: CONNECTION_COST_MS,
    start(socket, connection) {
      connection.established(() => socket.destroySoon())
      readHead(socket, (head) => {
        const end = connection.begin()
        socket.once('close', end)
        server.emit('connection', oneRequest(socket, head))
      })
    },
    onAcceptError,
  })
  return {
    listening: await listener.listen(host, port),
    close: () => listener.close({ graceMs: 0 }),
  }
}

/** Reads up to the end of the first head, and leaves the rest of what is sent where it is. */
function readHead(socket: Socket, use: (head: Buffer) => void): void {
  let head = Buffer.alloc(0)
  let pieces = 0
  socket.on('data', (piece) => {
    head = Buffer.concat([head, piece as Buffer])
    pieces += 1
    const end = head.subarray(0, HEAD_BYTES).indexOf(END_OF_HEAD)
    if (end < 0 && head.length < HEAD_BYTES && pieces < HEAD_PIECES) return
    socket.removeAllListeners('data').pause()
    if (end >= 0) return use(head.subarray(0, end + END_OF_HEAD.length))
    socket.write(refusal('431 Request Header Fields Too Large'))
    socket.destroySoon()
  })
  socket.once('end', () => socket.end())
  socket.resume()
}

/** What an HTTP server sees of a connection that carries one request without a body: nothing is pipelined behind it. */
function oneRequest(socket: Socket, head: Buffer): Duplex {
  const carrier = new Duplex({
    read: () => undefined,
    write: (chunk, encoding, done) => socket.write(chunk, encoding, done),
    final(done) {
      socket.destroySoon()
      done()
    },
    destroy(error, done) {
      socket.destroySoon()
      done(error)
    },
  })
  carrier.on('error', () => undefined) // 'close' follows
  socket.once('close', () => carrier.destroy())
  carrier.push(head)
  return carrier
}

/** One page for all who ask for it within the interval. */
function sharedPage(render: () => Promise<string>, monotonic: () => number): () => Promise<string> {
  let page: Promise<string> | undefined
  let begunAt = 0
  return () => {
    const now = monotonic()
    if (page && now - begunAt < PAGE_INTERVAL_MS) return page
    begunAt = now
    page = render()
    return page
  }
}

async function answer(
  { url, method = '' }: IncomingMessage,
  response: ServerResponse,
  page: () => Promise<string>,
): Promise<void> {
  if (url !== '/metrics') return finish(response, 404, 'Only /metrics is here\n')
  if (!['GET', 'HEAD'].includes(method))
    return finish(response.setHeader('allow', 'GET, HEAD'), 405, 'Only GET\n')
  try {
    finish(response, 200, await page())
  } catch {
    finish(response, 500, 'The metrics could not be read\n')
  }
}

const refusal = (status: string) => `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`

function finish(response: ServerResponse, status: number, text: string): void {
  const headers = {
    'content-type': TEXT,
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  }
  response.writeHead(status, headers).end(text)
}
