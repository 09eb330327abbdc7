/** Bytes of one connection as frames: what each is comes first, then as much of a body as is there. */
import { ASK, FRAME_LENGTH_BYTES, FRAME_START_BYTES } from '../../contract/wire.ts'
import { type FrameHead, readHead } from './head.ts'

export type FrameBody = {
  /** A piece of it, in order; whoever is given it wipes it. */
  piece(bytes: Buffer): void
  /** That was the last piece. */
  end(): void
}

export type IntakeNeeds = {
  /** Bytes of a frame behind its length, at most. */
  readonly frameBytes: number
  readonly onPing: (id: number) => void
  readonly onRequest: (id: number, head: FrameHead, bodyBytes: number) => FrameBody
  /** Nothing can be made of what comes from here on. @param why ends a sentence about the frame */
  readonly onMalformed: (why: string) => void
}

export type Intake = {
  push(bytes: Buffer): void
  /** Takes in a frame, or as much of one as is there. @returns whether more can be taken in already */
  next(): boolean
  /** Whether a frame has begun that is not complete. */
  isPartial(): boolean
}

const NOTHING = Buffer.alloc(0)
const ID_AND_KIND_BYTES = FRAME_START_BYTES - FRAME_LENGTH_BYTES

export function createIntake({ frameBytes, onPing, onRequest, onMalformed }: IntakeNeeds): Intake {
  let bytes: Buffer = NOTHING
  let at = 0
  let body: FrameBody | undefined
  /** Of the body. */
  let left = 0
  let lastId = 0
  let isOver = false

  function malformed(why: string): false {
    isOver = true
    bytes = NOTHING
    at = 0
    onMalformed(why)
    return false
  }
  function takeBody(to: FrameBody): boolean {
    const end = Math.min(at + left, bytes.length)
    if (end > at) to.piece(bytes.subarray(at, end))
    left -= end - at
    at = end
    if (left > 0) return false
    body = undefined
    to.end()
    return at < bytes.length
  }
  function takeRequest(id: number, end: number): boolean {
    if (id !== lastId + 1) return malformed('has an id that is not the next one')
    const read = readHead(bytes, at, end)
    if (read === undefined) return false
    if (typeof read === 'string') return malformed(read)
    lastId = id
    at = read.bodyAt
    left = end - read.bodyAt
    body = onRequest(id, read.head, left)
    return takeBody(body)
  }
  function takeFrame(): boolean {
    if (bytes.length - at < FRAME_START_BYTES) return false
    const length = bytes.readUInt32BE(at)
    if (length < ID_AND_KIND_BYTES) return malformed('is too short')
    if (length > frameBytes) return malformed('is too long')
    const id = bytes.readUInt32BE(at + FRAME_LENGTH_BYTES)
    const kind = bytes[at + FRAME_START_BYTES - 1]
    if (kind === ASK.request) return takeRequest(id, at + FRAME_LENGTH_BYTES + length)
    if (kind !== ASK.ping) return malformed('is of an unknown kind')
    if (length > ID_AND_KIND_BYTES) return malformed('is a ping that is too long')
    at += FRAME_START_BYTES
    onPing(id)
    return at < bytes.length
  }
  return {
    push(more) {
      if (isOver) return
      bytes = at < bytes.length ? Buffer.concat([bytes.subarray(at), more]) : more
      at = 0
    },
    next: () => !isOver && (body ? takeBody(body) : takeFrame()),
    isPartial: () => body !== undefined || at < bytes.length,
  }
}
