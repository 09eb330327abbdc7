/** Frames to an HSM (docs/FRAMES.md): all that are sent in one turn leave in one write. */
import type { TLSSocket } from 'node:tls'
import { ASK, BOUND_FLAG, FRAME_LENGTH_BYTES, FRAME_START_BYTES } from '../contract/wire.ts'
import type { WireRequest } from './link.ts'

export type FrameWriter = {
  request(id: number, request: WireRequest): void
  ping(): void
}

export function createFrameWriter(socket: TLSSocket): FrameWriter {
  let frames: Buffer[] = []
  function write(frame: Buffer): void {
    frames.push(frame)
    if (frames.length === 1) setImmediate(flush)
  }
  function flush(): void {
    const [first] = frames
    const all = frames.length === 1 && first ? first : Buffer.concat(frames)
    // There may be a password in it.
    for (const frame of frames) if (frame !== all) frame.fill(0)
    socket.write(all, () => all.fill(0))
    frames = []
  }
  return {
    request(id, { operation, session = '', bound, body }) {
      const name = Buffer.from(operation, 'latin1')
      const token = Buffer.from(session, 'latin1')
      const head = Buffer.of(bound ? BOUND_FLAG : 0, name.length)
      write(
        frame(id, ASK.request, [head, name, Buffer.of(token.length >> 8, token.length & 0xff), token, body]),
      )
    },
    ping: () => write(frame(0, ASK.ping, [])),
  }
}

function frame(id: number, kind: number, payload: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(FRAME_START_BYTES), ...payload])
  bytes.writeUInt32BE(bytes.length - FRAME_LENGTH_BYTES, 0)
  bytes.writeUInt32BE(id, FRAME_LENGTH_BYTES)
  bytes[FRAME_START_BYTES - 1] = kind
  return bytes
}
