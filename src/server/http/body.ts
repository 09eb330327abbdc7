import type { Readable } from 'node:stream'
import type { Waits } from '../../base/waits.ts'
import { HsmError } from '../../contract/errors.ts'

export type BodyNeeds = {
  readonly requestBytes: number
  /** As much is read and thrown away after a refusal, so that the peer gets to see it instead of a reset connection. */
  readonly drainedBytes: number
  /** For how long a body may take to arrive. */
  readonly waits: Waits
  /** Ends the request at once. */
  readonly cutOff: () => void
}

export type BodyUse = {
  /** Called with the length of each piece, also when it is not kept; what it throws is the outcome, if there is none yet. */
  readonly arrive: (bytes: number) => void
  /** All of it is there. The bytes are its own to wipe. */
  readonly whole: (bytes: Buffer) => void
  /** Called instead: `too-large`, `invalid-request` when it arrives too slowly, `unavailable` when it was cut off. */
  readonly failed: (error: unknown) => void
}

export type Body = {
  /** What has come and what still comes is of no use. It is wiped. */
  discard(): void
}

/** For a refusal to reach a peer that sends too slowly, before it is cut off. */
const HANG_UP_MS = 1000

/** Begins to take in the body of a request. Must be called in the turn in which the request came. */
export function receive(request: Readable, needs: BodyNeeds, use: BodyUse): Body {
  const { requestBytes, drainedBytes, waits, cutOff } = needs
  let chunks: Buffer[] = []
  let length = 0
  let isWanted = true
  let isComplete = false
  let hangUp: NodeJS.Timeout | undefined
  const callOff = waits.begin(() => {
    fail(new HsmError('invalid-request', 'The request body arrived too slowly'))
    hangUp = setTimeout(cutOff, HANG_UP_MS)
  })
  /** There may be a password in it. */
  function discard(): void {
    isWanted = false
    for (const chunk of chunks) chunk.fill(0)
    chunks = []
  }
  function fail(error: unknown): void {
    if (!isWanted) return
    discard()
    use.failed(error)
  }
  function over(): void {
    callOff()
    clearTimeout(hangUp)
  }

  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (isWanted) chunks.push(chunk)
    else chunk.fill(0)
    if (length > drainedBytes) return cutOff()
    if (length > requestBytes) fail(tooLarge(requestBytes))
    try {
      use.arrive(chunk.length)
    } catch (error) {
      fail(error)
    }
  })
  request.on('end', () => {
    isComplete = true
    over()
    if (!isWanted) return
    const [first] = chunks
    // Most bodies come in one piece.
    const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks)
    if (bytes === first) chunks = []
    discard()
    use.whole(bytes)
  })
  request.on('close', () => {
    over()
    if (isWanted && !isComplete) {
      fail(new HsmError('unavailable', 'The connection was closed before the request was complete'))
    }
  })
  request.on('error', () => undefined) // 'close' follows
  return { discard }
}

const tooLarge = (requestBytes: number) =>
  new HsmError('too-large', `The request is larger than ${requestBytes} bytes`)
