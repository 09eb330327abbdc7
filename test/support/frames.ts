/** A client of frames that sends whatever a test wants, and takes what comes. */
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { ASK, FRAMES_PROTOCOL } from '../../src/contract/wire.ts'

export type Frame = { readonly kind: number; readonly id: number; readonly body: string }

/** Length, id, kind and payload. */
export function frame(id: number, kind: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(9 + payload.length)
  bytes.writeUInt32BE(5 + payload.length, 0)
  bytes.writeUInt32BE(id, 4)
  bytes[8] = kind
  bytes.set(payload, 9)
  return bytes
}

export type Asked = {
  readonly operation?: string
  readonly token?: string
  readonly flags?: number
  readonly body?: string | Uint8Array
}

/** What a request has behind its kind. */
export function payload({ operation = 'cluster.status', token = '', flags = 0, body = '{}' }: Asked): Buffer {
  const tokenLength = Buffer.alloc(2)
  tokenLength.writeUInt16BE(token.length)
  return Buffer.concat([
    Buffer.from([flags, operation.length]),
    Buffer.from(operation, 'latin1'),
    tokenLength,
    Buffer.from(token, 'latin1'),
    Buffer.from(body),
  ])
}

export async function frameClient(t: TestContext, port: number, options: ConnectionOptions) {
  const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: [FRAMES_PROTOCOL], ...options })
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  const frames: Frame[] = []
  let rest: Buffer = Buffer.alloc(0)
  let told: () => void = () => undefined
  let isClosed = false
  let nextId = 1
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0)
      frames.push({ id: rest.readUInt32BE(4), kind: rest[8] ?? 0, body: rest.toString('utf8', 9, end) })
      rest = rest.subarray(end)
    }
    told()
  })
  socket.once('close', () => {
    isClosed = true
    told()
  })
  /** Resolves with the first frame that is wanted; undefined when the connection ends without it. */
  async function frameWhere(isWanted: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const found = frames.find(isWanted)
      if (found || isClosed) return found
      await new Promise<void>((resolve) => {
        const before = told
        told = () => {
          before()
          resolve()
        }
      })
    }
  }
  return {
    socket,
    frames,
    frameWhere,
    closed: async () => void (await frameWhere(() => false)),
    nextId: () => nextId,
    /** Sends a request with the next id, and resolves with what comes back for it. */
    async ask(asked: Asked = {}) {
      const id = nextId
      nextId += 1
      socket.write(frame(id, ASK.request, payload(asked)))
      const found = await frameWhere((got) => got.id === id && got.kind <= 2)
      return found && { kind: found.kind, body: JSON.parse(found.body) }
    },
  }
}
