/** Frames to one peer: all that are ready in a turn leave in one write, and wait a moment for others that are due. */
import type { TLSSocket } from 'node:tls'
import type { Waits } from '../../base/waits.ts'
import { FRAME_LENGTH_BYTES, FRAME_START_BYTES, type TELL } from '../../contract/wire.ts'

export type OutputNeeds = {
  readonly socket: TLSSocket
  /** For how long a peer may leave something untaken. */
  readonly waits: Waits
  /** The peer has not taken anything for that long. */
  readonly onDeaf: () => void
  /** There was too much to be taken, and now there is not. */
  readonly onDrained: () => void
  /** How many more answers are being worked on. */
  readonly due: () => number
}

export type Output = {
  /** @param taken called when it has left this process, unless the connection is gone before */
  send(kind: (typeof TELL)[keyof typeof TELL], id: number, body?: Buffer, taken?: () => void): void
  /** Writes what was sent; done by itself at the end of the turn, or up to a millisecond later when many answers are due. */
  flush(): void
  /** Whether so much waits to be taken that nothing should be added to it. */
  isFull(): boolean
}

/** Enough to keep a peer busy that takes it. */
const FULL_BYTES = 1024 * 1024
/**
 * Frames that are ready leave when so many times as many are due, or fewer. A peer that has many requests under way is not kept
 * waiting by that, but for the moment: it takes several replies as fast as one, and sends as many requests together.
 */
const DUE_FOR_EACH = 8
const MOMENT_MS = 1
/** What is copied to leave in one piece; more leaves as it is. */
const COPIED_BYTES = 64 * 1024

const NOTHING = Buffer.alloc(0)

export function createOutput({ socket, waits, onDeaf, onDrained, due }: OutputNeeds): Output {
  let ready: Buffer[] = []
  let bytes = 0
  let toTell: (() => void)[] = []
  let frames = 0
  let planned: NodeJS.Immediate | undefined
  let waiting: NodeJS.Timeout | undefined
  let writes = 0
  let callOff: (() => void) | undefined
  let wasFull = false
  const isFull = () => socket.writableLength > FULL_BYTES

  function written(taken: readonly (() => void)[], error?: Error | null): void {
    writes -= 1
    callOff?.()
    callOff = writes > 0 && !error ? waits.begin(onDeaf) : undefined
    for (const tell of taken) tell()
    if (!wasFull || isFull()) return
    wasFull = false
    onDrained()
  }
  function write(): void {
    const taken = toTell
    const done = (error?: Error | null) => written(taken, error)
    writes += 1
    writeAll(socket, ready, bytes, done)
    callOff ??= waits.begin(onDeaf)
    wasFull ||= isFull()
  }
  function endTurn(): void {
    planned = undefined
    if (frames * DUE_FOR_EACH >= due()) flush()
    else waiting ??= setTimeout(flush, MOMENT_MS)
  }
  function flush(): void {
    clearImmediate(planned)
    clearTimeout(waiting)
    planned = undefined
    waiting = undefined
    if (frames === 0) return
    if (socket.writable) write()
    ready = []
    toTell = []
    bytes = 0
    frames = 0
  }
  return {
    send(kind, id, body, taken) {
      const length = body?.length ?? 0
      ready.push(startOf(kind, id, length))
      if (body) ready.push(body)
      if (taken) toTell.push(taken)
      bytes += FRAME_START_BYTES + length
      frames += 1
      planned ??= setImmediate(endTurn)
    },
    flush,
    isFull,
  }
}

function startOf(kind: number, id: number, payloadBytes: number): Buffer {
  const start = Buffer.allocUnsafe(FRAME_START_BYTES)
  start.writeUInt32BE(FRAME_START_BYTES - FRAME_LENGTH_BYTES + payloadBytes, 0)
  start.writeUInt32BE(id, FRAME_LENGTH_BYTES)
  start[FRAME_START_BYTES - 1] = kind
  return start
}

/** @param done called when all of it has left */
function writeAll(
  socket: TLSSocket,
  pieces: readonly Buffer[],
  bytes: number,
  done: (error?: Error | null) => void,
): void {
  if (bytes <= COPIED_BYTES) {
    socket.write(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, bytes), done)
    return
  }
  socket.cork()
  for (const piece of pieces.slice(0, -1)) socket.write(piece)
  socket.write(pieces.at(-1) ?? NOTHING, done)
  socket.uncork()
}
