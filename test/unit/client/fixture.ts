/** Clients of servers that behave, and of servers that do not. */
import { once } from 'node:events'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { Server as TlsServer } from 'node:tls'
import type { Identity } from '../../../src/certificates/certificates.ts'
import { type ConnectOptions, connect, type RemoteHsm } from '../../../src/client/connect.ts'
import { authority, identity } from '../server/fixture.ts'

export function connectTo(
  t: TestContext,
  port: number | readonly number[],
  options: Partial<ConnectOptions> = {},
): RemoteHsm {
  const servers = [port].flat().map((each) => ({ host: '127.0.0.1', port: each }))
  const client = connect({ servers, trust: { ca: authority.cert }, ...options })
  t.after(() => client.close())
  return client
}

/** Listens on a free port of this machine until the test ends. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  // The socket under a TLS socket must be left alone.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An HTTP/2 server that treats each request as the test says; `seen` counts them. */
export async function startRawServer(
  t: TestContext,
  answer: (stream: ServerHttp2Stream, nth: number) => void,
  tls: Identity = identity,
) {
  const server = createSecureServer({ ...tls, minVersion: 'TLSv1.3' })
  const requests = { seen: 0 }
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined)
    requests.seen += 1
    answer(stream, requests.seen)
  })
  return { port: await listen(t, server), requests }
}

export const answerJson = (stream: ServerHttp2Stream, body: unknown, status = 200): void => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  stream.respond({ ':status': status, 'content-length': Buffer.byteLength(text) })
  stream.end(text)
}

export const unavailable = (message: string | RegExp) => ({ name: 'HsmError', code: 'unavailable', message })

/** Stands between a client and a server, for the test to break. */
export async function startRelay(t: TestContext, port: number) {
  const sockets = new Set<Socket>()
  const pairs: [Socket, Socket][] = []
  let frozen = false
  const server = createServer((near) => {
    if (frozen) return void near.pause()
    const far = connectTcp(port, '127.0.0.1')
    pairs.push([near, far])
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.once('close', () => to.destroy())
      from.pipe(to)
    }
  })
  return {
    port: await listen(t, server),
    /** Connections drop; new ones are accepted. */
    drop() {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
    /** From now on nothing gets through, and nobody is told, as when a cable is cut. */
    freeze() {
      frozen = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    /** What has waited since then gets through. */
    thaw() {
      frozen = false
      for (const [near, far] of pairs) near.pipe(far).pipe(near)
    },
  }
}
