/** Requests over HTTP/2. */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { LIMITS } from '../contract/limits.ts'
import { BINDING_HEADER, BINDING_VALUE, HSM_NAME, PATH_PREFIX } from '../contract/wire.ts'
import { connectionLost, notUnderstood, type ServerAddress, tookTooLong } from './failures.ts'
import type { Link, LinkOptions, WireReply, WireRequest } from './link.ts'
import { createLiveness } from './liveness.ts'
import { afterWaiting } from './patience.ts'

/** @param socket whose TLS handshake is done */
export function createHttp2Link({ server, socket, onLost, isElsewhereBetter }: LinkOptions): Link {
  const session = process
    .getBuiltinModule('node:http2')
    .connect(`https://${HSM_NAME}`, { createConnection: () => socket, settings: { enablePush: false } })
  /** The HSM has taken in no stream beyond this one. */
  let lastTaken = Number.POSITIVE_INFINITY
  session.on('goaway', (_code, lastStream) => {
    lastTaken = lastStream
  })
  session.on('error', () => undefined) // each request under way learns of it by itself
  session.once('close', onLost)
  const liveness = createLiveness({
    ping(answered) {
      session.ping((error) => {
        if (!error) answered()
      })
    },
    giveUp: () => session.destroy(),
    isElsewhereBetter,
  })
  session.once('close', liveness.stop)
  const isOpen = () => !session.closed && !session.destroyed
  return {
    server,
    isOpen,
    async send(request, timeoutMs) {
      const stream = isOpen() ? begin(session, request) : undefined
      if (!stream) return undefined
      const reply = await receive(stream, server, timeoutMs).finally(liveness.begin())
      if (reply) return reply
      // RFC 9113 §6.8 and §8.7
      const untouched = stream.rstCode === REFUSED_STREAM || stream.id === undefined || stream.id > lastTaken
      if (untouched) return undefined
      throw connectionLost(server)
    },
    retire() {
      session.off('close', onLost)
      session.close()
    },
    close() {
      session.off('close', onLost)
      session.destroy()
    },
  }
}

const REFUSED_STREAM = 7
const CANCEL = 8

function begin(
  session: ClientHttp2Session,
  { operation, session: token, bound, body }: WireRequest,
): ClientHttp2Stream | undefined {
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': PATH_PREFIX + operation,
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(bound && { [BINDING_HEADER]: BINDING_VALUE }),
      'content-length': body.length,
    })
    stream.end(body)
    return stream
  } catch {
    // No stream number is left, or the connection went this very moment.
    session.close()
    return undefined
  }
}

/** Undefined when the connection or the stream ended before the reply was complete. */
function receive(
  stream: ClientHttp2Stream,
  server: ServerAddress,
  timeoutMs: number,
): Promise<WireReply | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<WireReply | undefined>()
  const chunks: Buffer[] = []
  let length = 0
  let status = 0
  let promised = Number.NaN
  const callOff = afterWaiting(timeoutMs, () => {
    reject(tookTooLong(server, timeoutMs))
    stream.close(CANCEL)
  })
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0
    promised = Number(headers['content-length'])
  })
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length <= LIMITS.replyBytes) return
    reject(notUnderstood(server))
    stream.close(CANCEL)
  })
  stream.on('error', () => undefined) // 'close' follows
  // A stream that was cut off ends like one that is complete; only the length tells them apart.
  stream.once('end', () => {
    if (length === promised) resolve({ isRefusal: status !== 200, body: Buffer.concat(chunks) })
  })
  stream.once('close', () => {
    callOff()
    resolve(undefined)
  })
  return promise
}
