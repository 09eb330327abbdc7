import { HsmError } from '../contract/errors.ts'
import { cutOff, type Incoming } from './wire.ts'

export type BodyLimits = { readonly bodyBytes: number; readonly requestBodyMs: number }

export type Body = {
  /** @throws HsmError `too-large`, `invalid-request` when it arrives too slowly, `unavailable` when it was cut off */
  bytes(): Promise<Buffer>
  /** What has come and what still comes is of no use. */
  discard(): void
}

/** Read and thrown away after a refusal, so that the peer gets to see it instead of a reset connection. */
const DRAINED_BODIES = 16
/** For a refusal to reach a peer that sends too slowly, before it is cut off. */
const HANG_UP_MS = 1000

/** Begins to take in the body of a request. Must be called in the turn in which the request came. */
export function receive(request: Incoming, { bodyBytes, requestBodyMs }: BodyLimits): Body {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  promise.catch(() => undefined) // nobody may be waiting
  let chunks: Buffer[] = []
  let length = 0
  let wanted = true
  const discard = () => {
    wanted = false
    chunks = []
  }
  const fail = (error: HsmError) => {
    discard()
    reject(error)
  }
  let timer = setTimeout(() => {
    fail(new HsmError('invalid-request', 'The request body arrived too slowly'))
    timer = setTimeout(() => cutOff(request), HANG_UP_MS)
  }, requestBodyMs)

  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > bodyBytes) fail(new HsmError('too-large', `The request is larger than ${bodyBytes} bytes`))
    if (length > bodyBytes * DRAINED_BODIES) cutOff(request)
    if (wanted) chunks.push(chunk)
  })
  request.once('end', () => {
    clearTimeout(timer)
    resolve(Buffer.concat(chunks))
  })
  request.once('close', () => {
    clearTimeout(timer)
    fail(new HsmError('unavailable', 'The connection was closed before the request was complete'))
  })
  request.on('error', () => undefined) // 'close' follows
  return { bytes: () => promise, discard }
}
