/** The port that Prometheus reads from: plain HTTP, one page, nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { LIMITS } from '../../contract/limits.ts'
import { createAnonymousBudgets } from '../../listener/anonymous-budgets.ts'
import type { Connection } from '../../listener/connection.ts'
import type { ConnectionsLimits } from '../../listener/connections.ts'
import { createListener } from '../../listener/listener.ts'
import type { ListenAddress } from '../listen-address.ts'

/** Nobody logs in here; a scraper connects anew when its connection was closed. */
const CONNECTIONS: ConnectionsLimits = {
  connections: 16,
  sessionConnections: 0,
  handshakeMs: 5000,
  anonymousConnectionMs: 15_000,
  idleConnectionMs: 15_000,
}
const HEADER_BYTES = 8 * 1024
/** Of the event loop. */
const CONNECTION_COST_MS = 0.2
const PAGE_COST_MS = 2
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

export type Endpoint = { readonly listening: ListenAddress; close(): Promise<void> }

export type EndpointNeeds = {
  /** Makes the page, anew for each request. */
  readonly render: () => Promise<string>
  readonly onAcceptError: (error: Error) => void
  readonly limits?: Partial<ConnectionsLimits>
}

/** @throws HsmError `unavailable` with one sentence when the address cannot be had */
export async function openEndpoint(
  { host, port }: ListenAddress,
  { render, onAcceptError, limits }: EndpointNeeds,
): Promise<Endpoint> {
  const budgets = createAnonymousBudgets(LIMITS, () => performance.now())
  const connections = new WeakMap<Socket, Connection>()
  // It never listens: sockets are handed to it that the listener has accepted.
  const server = createServer({ maxHeaderSize: HEADER_BYTES }, (request, response) => {
    const connection = connections.get(request.socket)
    if (!connection) return
    const end = connection.begin()
    response.once('close', end)
    if (!budgets.has(connection.peer)) return finish(response, 503, 'Too many requests\n')
    budgets.charge(connection.peer, PAGE_COST_MS)
    void answer(request, response, render)
  })
  const listener = createListener({
    purpose: 'serve metrics',
    limits: { ...CONNECTIONS, ...limits },
    budgets,
    startCostMs: CONNECTION_COST_MS,
    start(socket, connection) {
      connections.set(socket, connection)
      connection.established(() => socket.destroySoon())
      server.emit('connection', socket)
      socket.resume()
    },
    onAcceptError,
  })
  return {
    listening: await listener.listen(host, port),
    close: () => listener.close({ graceMs: 0 }),
  }
}

async function answer(
  { url, method = '' }: IncomingMessage,
  response: ServerResponse,
  render: () => Promise<string>,
): Promise<void> {
  if (url !== '/metrics') return finish(response, 404, 'Only /metrics is here\n')
  if (!['GET', 'HEAD'].includes(method))
    return finish(response.setHeader('allow', 'GET, HEAD'), 405, 'Only GET\n')
  try {
    finish(response, 200, await render())
  } catch {
    finish(response, 500, 'The metrics could not be read\n')
  }
}

/** What is left of the request is not read. */
function finish(response: ServerResponse, status: number, text: string): void {
  const headers = {
    'content-type': TEXT,
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  }
  response.writeHead(status, headers).end(text)
}
