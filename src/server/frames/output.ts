/** Frames to one peer: all that are ready in a turn leave in one write. */
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
}

export type Output = {
  /** @param taken called when it has left this process, unless the connection is gone before */
  send(kind: (typeof TELL)[keyof typeof TELL], id: number, body?: Buffer, taken?: () => void): void
  /** Writes what was sent; done by itself at the end of the turn. */
  flush(): void
  /** Whether so much waits to be taken that nothing should be added to it. */
  isFull(): boolean
}

/** Enough to keep a peer busy that takes it. */
const FULL_BYTES = 1024 * 1024
/** What is copied to leave in one piece; more leaves as it is. */
const COPIED_BYTES = 64 * 1024

const NOTHING = Buffer.alloc(0)

export function createOutput({ socket, waits, onDeaf, onDrained }: OutputNeeds): Output {
  let ready: Buffer[] = []
  let bytes = 0
  let toTell: (() => void)[] = []
  let planned: NodeJS.Immediate | undefined
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
    if (bytes <= COPIED_BYTES) {
      socket.write(ready.length === 1 && ready[0] ? ready[0] : Buffer.concat(ready, bytes), done)
    } else {
      socket.cork()
      for (const frame of ready.slice(0, -1)) socket.write(frame)
      socket.write(ready.at(-1) ?? NOTHING, done)
      socket.uncork()
    }
    callOff ??= waits.begin(onDeaf)
    wasFull ||= isFull()
  }
  function flush(): void {
    if (planned) clearImmediate(planned)
    planned = undefined
    if (ready.length === 0) return
    if (socket.writable) write()
    ready = []
    toTell = []
    bytes = 0
  }
  return {
    send(kind, id, body, taken) {
      const length = body?.length ?? 0
      const start = Buffer.allocUnsafe(FRAME_START_BYTES)
      start.writeUInt32BE(FRAME_START_BYTES - FRAME_LENGTH_BYTES + length, 0)
      start.writeUInt32BE(id, FRAME_LENGTH_BYTES)
      start[FRAME_START_BYTES - 1] = kind
      ready.push(start)
      if (body) ready.push(body)
      if (taken) toTell.push(taken)
      bytes += FRAME_START_BYTES + length
      planned ??= setImmediate(flush)
    },
    flush,
    isFull,
  }
}
