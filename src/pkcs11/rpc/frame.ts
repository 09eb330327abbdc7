/** The stream of one client: one byte with the version it offers, then frames. */
import { BOUNDS } from '../bounds.ts'
import { malformed } from './malformed.ts'

/** What a client's bytes come to. */
export type Incoming =
  | { readonly kind: 'hello'; readonly offered: number }
  | { readonly kind: 'request'; readonly code: number; readonly body: Buffer }
  /** A request that was longer than is taken at the moment. Nothing of it was kept. */
  | { readonly kind: 'oversized'; readonly code: number }

export interface FrameReader {
  /** What is needed of the chunk is copied, and then wiped where it was: by `next`, and all that is left by `keep`. */
  add(chunk: Buffer): void
  /**
   * What comes next of all that was added; undefined when it is not complete. Nothing behind it has been looked at.
   * Throws `MalformedRequest`, for good, for a frame that is too long or has code 0.
   */
  next(): Incoming | undefined
  /** Some of what was added has not been looked at. */
  isBehind(): boolean
  /** The memory of the chunks may be used for something else from now on. */
  keep(): void
  /** Bytes that will be kept of the frame under way; 0 between frames. */
  announced(): number
  /** Nothing is under way. */
  between(): boolean
}

/** Code, length of the options, length of the body. */
export const HEADER_BYTES = 12

/** For our own module: what was not answered before this has not been looked at, and will not be. */
export const GOODBYE: Buffer = Buffer.alloc(HEADER_BYTES)

type Frame = {
  readonly code: number
  readonly optionsLength: number
  readonly length: number
  /** It is read and not kept. */
  readonly oversized: boolean
}

export type FrameReaderOptions = {
  /** The client has said its first byte to someone else. */
  readonly greeted?: boolean
  /** Longest frame that is taken, asked when one begins; one beyond `BOUNDS.frameBytes` is never read. */
  readonly most?: () => number
}

/** @param most how many bytes a frame may have now, asked for each */
export function createFrameReader({
  greeted = false,
  most = () => BOUNDS.frameBytes,
}: FrameReaderOptions = {}): FrameReader {
  let broken = false
  let frame: Frame | undefined
  const chunks: Input[] = []
  const header = createCollector()
  const content = createCollector()
  const discarded = createDiscarder()

  function firstChunk(): Input | undefined {
    while (chunks[0] && left(chunks[0]) === 0) chunks.shift()
    return chunks[0]
  }

  /** Takes one thing off the front of `input`; undefined when it goes on in the next chunk. */
  function take(input: Input): Incoming | undefined {
    if (!greeted) {
      greeted = true
      return { kind: 'hello', offered: input.bytes.readUInt8(skip(input, 1)) }
    }
    frame ??= headerOf(input)
    return frame && request(input, frame)
  }

  function headerOf(input: Input): Frame | undefined {
    if (header.empty() && left(input) >= HEADER_BYTES)
      return parseHeader(input.bytes, skip(input, HEADER_BYTES), most())
    const bytes = header.collect(input, HEADER_BYTES)
    return bytes && parseHeader(bytes, 0, most())
  }

  function request(input: Input, { code, optionsLength, length, oversized }: Frame): Incoming | undefined {
    const bytes = (oversized ? discarded : content).collect(input, length)
    if (!bytes) return undefined
    frame = undefined
    if (oversized) return { kind: 'oversized', code }
    return { kind: 'request', code, body: optionsLength === 0 ? bytes : bytes.subarray(optionsLength) }
  }

  return {
    add: (bytes) => void chunks.push({ bytes, at: 0 }),
    next() {
      if (broken) malformed('after another one')
      broken = true
      let one: Incoming | undefined
      for (let input = firstChunk(); input && !one; input = firstChunk()) one = take(input)
      broken = false
      return one
    },
    isBehind: () => firstChunk() !== undefined,
    keep() {
      for (const [index, input] of chunks.entries())
        chunks[index] = { bytes: copied(input, left(input)), at: 0 }
    },
    announced: () => (frame && !frame.oversized ? frame.length : 0),
    between: () => !frame && header.empty(),
  }
}

function parseHeader(bytes: Buffer, at: number, most: number): Frame {
  const code = bytes.readUInt32BE(at)
  const optionsLength = bytes.readUInt32BE(at + 4)
  const length = optionsLength + bytes.readUInt32BE(at + 8)
  if (code === 0) malformed('code 0')
  if (length > BOUNDS.frameBytes) malformed('too long')
  return { code, optionsLength, length, oversized: length > most }
}

/** `at`: what comes before has been taken. */
type Input = { readonly bytes: Buffer; at: number }

const left = ({ bytes, at }: Input): number => bytes.length - at

/** @returns where it was */
function skip(input: Input, count: number): number {
  input.at += count
  return input.at - count
}

/** Takes bytes out of the input. */
function copied(input: Input, count: number): Buffer {
  const from = skip(input, count)
  const bytes = Buffer.allocUnsafe(count)
  input.bytes.copy(bytes, 0, from, input.at)
  input.bytes.fill(0, from, input.at)
  return bytes
}

const NOTHING = Buffer.alloc(0)

/** The same as a collector, but that nothing is left of what came. */
function createDiscarder() {
  let passed = 0
  return {
    collect(input: Input, length: number): Buffer | undefined {
      const count = Math.min(length - passed, left(input))
      const from = skip(input, count)
      input.bytes.fill(0, from, input.at)
      passed += count
      if (passed < length) return undefined
      passed = 0
      return NOTHING
    },
  }
}

/** Gathers a known number of bytes. Its buffer doubles, so many small chunks cost neither much time nor much memory. */
function createCollector() {
  let buffer = Buffer.alloc(0)
  let filled = 0

  function append(input: Input, count: number, length: number): void {
    if (filled + count > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(length, 2 * (filled + count)))
      buffer.copy(grown, 0, 0, filled)
      buffer.fill(0, 0, filled)
      buffer = grown
    }
    const from = skip(input, count)
    input.bytes.copy(buffer, filled, from, input.at)
    input.bytes.fill(0, from, input.at)
    filled += count
  }

  return {
    /** Undefined until all `length` bytes are there. */
    collect(input: Input, length: number): Buffer | undefined {
      if (filled === 0 && left(input) >= length) return copied(input, length)
      append(input, Math.min(length - filled, left(input)), length)
      if (filled < length) return undefined
      const whole = buffer
      buffer = Buffer.alloc(0)
      filled = 0
      return whole
    },
    empty: () => filled === 0,
  }
}
