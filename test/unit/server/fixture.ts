/** A server with real TLS in front of an HSM that does what the test says. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { TestContext } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { createAuthority, issueServerCertificate } from '../../../src/certificates/certificates.ts'
import type { CallSource } from '../../../src/contract/call-source.ts'
import type { Admission, Admit, Hsm } from '../../../src/contract/hsm.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { HSM_NAME } from '../../../src/contract/wire.ts'
import { createHttpsServer, type ServerLimits } from '../../../src/server/https-server.ts'
import { frameClient } from '../../support/frames.ts'

export const authority = await createAuthority('cluster-test', Date.now())
export const identity = await issueServerCertificate(
  authority,
  [HSM_NAME, 'localhost', '127.0.0.1'],
  Date.now(),
)

export const STATUS = {
  'cluster-id': 'cluster-test',
  state: 'ACTIVE',
  mode: 'non-fips',
  'hsm-type': 'hsm2m.medium',
  'uptime-seconds': 1,
  users: 2,
  keys: 3,
  sessions: 4,
} as const

type Call = (
  operation: string,
  request: unknown,
  session: string | undefined,
  source: CallSource | undefined,
) => unknown
type LogLine = { readonly level: string; readonly fields: object; readonly message: string }

/** An HSM of one function, which may answer later or throw. */
const hsmOf = (call: Call): Hsm => ({
  call: async (operation, request, session, source) =>
    (await call(operation, request, session, source)) as never,
})

/** Takes every token for a user of that name. */
const admitted = (session: string | undefined): Admission => ({
  user: session,
  revokes: false,
  requestBytes: LIMITS.bodyBytes,
  refused: () => undefined,
})

export const admitAll: Admit = (session) => ({ admit: () => admitted(session), user: () => session })

export async function startServer(
  t: TestContext,
  call: Call = () => STATUS,
  limits: Partial<ServerLimits> = {},
  wantedPort = 0,
  admit: (operation: string, session: string | undefined) => Partial<Admission> = () => ({}),
  stands: (session: string) => boolean = () => true,
) {
  const ended: string[] = []
  const log: LogLine[] = []
  const server = createHttpsServer({
    hsm: hsmOf(call),
    admit: (session) => ({
      admit: (operation) => ({
        ...admitted(session),
        ...(limits.bodyBytes !== undefined && { requestBytes: limits.bodyBytes }),
        ...admit(operation, session),
      }),
      user: () => (session !== undefined && stands(session) ? session : undefined),
    }),
    tls: identity,
    log: (level, fields, message) => log.push({ level, fields, message }),
    monotonic: () => performance.now(),
    worked: () => performance.now(),
    onConnectionClosed(token, source) {
      assert.deepEqual(source, { kind: 'https', address: '127.0.0.1' })
      ended.push(token)
    },
    limits,
  })
  const { port } = await server.listen('127.0.0.1', wantedPort)
  t.after(() => server.close({ graceMs: 0 }))
  return { server, port, ended, log }
}

export type Sent = {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}
export type Got = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Record<string, unknown>
}

const JSON_TYPE = { 'content-type': 'application/json' }
export const STATUS_PATH = '/v1/cluster.status'

/** One request over HTTP/1.1, on a connection of its own unless an agent is given. */
export async function post(port: number, sent: Sent = {}, options: RequestOptions = {}): Promise<Got> {
  const { path = STATUS_PATH, method = 'POST', headers = {}, body = '{}' } = sent
  const request = httpsRequest({
    ...{ host: '127.0.0.1', port, path, method, agent: false, ca: authority.cert },
    headers: { ...JSON_TYPE, ...headers },
    ...options,
  })
  request.end(body)
  const [response] = await once(request, 'response')
  const chunks = await response.toArray()
  return {
    status: response.statusCode,
    headers: response.headers,
    body: JSON.parse(Buffer.concat(chunks).toString()),
  }
}

export async function openHttp2(t: TestContext, port: number, options: object = {}) {
  const session = connectHttp2(`https://localhost:${port}`, { ca: authority.cert, ...options })
  session.on('error', () => undefined)
  t.after(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

export async function postHttp2(session: ClientHttp2Session, sent: Sent = {}): Promise<Got> {
  const { path = STATUS_PATH, method = 'POST', headers = {}, body = '{}' } = sent
  const stream = session.request({ ':path': path, ':method': method, ...JSON_TYPE, ...headers })
  stream.on('error', () => undefined)
  stream.end(body)
  const gone = new AbortController()
  stream.once('close', () => gone.abort())
  const [received] = await once(stream, 'response', { signal: gone.signal })
  const chunks = await stream.toArray()
  return {
    status: received[':status'],
    headers: received,
    body: JSON.parse(Buffer.concat(chunks).toString()),
  }
}

/** A TLS connection that speaks whatever the test writes on it. */
export async function openTls(t: TestContext, port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: authority.cert, ...options })
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** A connection that carries frames. */
export const openFrames = (t: TestContext, port: number) => frameClient(t, port, { ca: authority.cert })

/** Everything the peer sends until it closes. */
export async function readAll(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

/** Work that waits until it is let go on. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** The answer of an HSM that begins, says so, and does not end before it may go on. */
export function heldWork<Answer>(reply: Answer) {
  const [entered, gated] = [gate(), gate()]
  const answer = async (): Promise<Answer> => {
    entered.open()
    await gated.opened
    return reply
  }
  return { answer, begun: entered.opened, goOn: gated.open }
}
