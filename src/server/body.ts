import { HsmError } from '../contract/errors.ts'
import { cutOff, type Incoming } from './wire.ts'

export type BodyLimits = {
  readonly requestBytes: number
  /** As much is read and thrown away after a refusal, so that the peer gets to see it instead of a reset connection. */
  readonly drainedBytes: number
  readonly requestBodyMs: number
}

export type Body = {
  /** @throws HsmError `too-large`, `busy`, `invalid-request` when it arrives too slowly, `unavailable` when it was cut off */
  bytes(): Promise<Buffer>
  /** What has come and what still comes is of no use. It is wiped, the bytes that were handed out too. */
  discard(): void
}

/** For a refusal to reach a peer that sends too slowly, before it is cut off. */
const HANG_UP_MS = 1000

/**
 * Begins to take in the body of a request. Must be called in the turn in which the request came.
 *
 * @param arrive called with the length of each piece before it is kept; what it throws is the outcome
 */
export function receive(
  request: Incoming,
  { requestBytes, drainedBytes, requestBodyMs }: BodyLimits,
  arrive: (bytes: number) => void,
): Body {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  promise.catch(() => undefined) // nobody may be waiting
  let chunks: Buffer[] = []
  let length = 0
  let wanted = true
  let whole: Buffer | undefined
  /** There may be a password in them. */
  const wipe = () => {
    for (const chunk of chunks) chunk.fill(0)
    chunks = []
  }
  const discard = () => {
    wanted = false
    wipe()
    whole?.fill(0)
  }
  const fail = (error: unknown) => {
    discard()
    reject(error)
  }
  let timer = setTimeout(() => {
    fail(new HsmError('invalid-request', 'The request body arrived too slowly'))
    timer = setTimeout(() => cutOff(request), HANG_UP_MS)
  }, requestBodyMs)

  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    chunks.push(chunk)
    if (!wanted) wipe()
    if (length > drainedBytes) return cutOff(request)
    if (!wanted) return
    if (length > requestBytes) return fail(tooLarge(requestBytes))
    try {
      arrive(chunk.length)
    } catch (error) {
      fail(error)
    }
  })
  request.once('end', () => {
    clearTimeout(timer)
    whole = Buffer.concat(chunks)
    wipe()
    resolve(whole)
  })
  request.once('close', () => {
    clearTimeout(timer)
    if (!whole) fail(new HsmError('unavailable', 'The connection was closed before the request was complete'))
  })
  request.on('error', () => undefined) // 'close' follows
  return { bytes: () => promise, discard }
}

const tooLarge = (requestBytes: number) =>
  new HsmError('too-large', `The request is larger than ${requestBytes} bytes`)
