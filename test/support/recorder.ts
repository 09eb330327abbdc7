/** Frames of a client library as they passed, to be said again without it. */
import type { Socket } from 'node:net'

/** Body of a request and of its response, in the order of the requests. */
export type Exchange = { readonly request: Buffer; readonly response: Buffer }

export type Recording = {
  /** Version of the protocol that the client offered. */
  readonly offered: number
  readonly exchanges: readonly Exchange[]
}

/** Bytes of a frame before its options and its body. */
const HEADER = 12
const FIRST_CODE = 16

type Frame = { readonly code: number; readonly body: Buffer }

function framesOf(stream: Buffer): Frame[] {
  const frames: Frame[] = []
  let at = 1 // the version
  while (at + HEADER <= stream.length) {
    const start = at + HEADER + stream.readUInt32BE(at + 4)
    const end = start + stream.readUInt32BE(at + 8)
    if (end > stream.length) break
    frames.push({ code: stream.readUInt32BE(at), body: stream.subarray(start, end) })
    at = end
  }
  return frames
}

/** Records one connection. Call what is returned when it is over. */
export function record(socket: Socket): () => Recording {
  const sent: Buffer[] = []
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(Buffer.from(chunk)))
  const { write } = socket
  socket.write = ((chunk: Buffer, ...rest: []) => {
    sent.push(Buffer.from(chunk))
    return write.call(socket, chunk, ...rest)
  }) as typeof write
  return () => {
    const requests = Buffer.concat(received)
    const responses = new Map(framesOf(Buffer.concat(sent)).map(({ code, body }) => [code, body]))
    const exchanges = framesOf(requests).map(({ code, body }) => ({
      request: body,
      response: responses.get(code) ?? Buffer.alloc(0),
    }))
    return { offered: requests.readUInt8(0), exchanges }
  }
}

/** One exchange a line, in base64. */
export const toText = ({ offered, exchanges }: Recording): string =>
  [`offered ${offered}`, ...exchanges.map(lineOf), ''].join('\n')

const lineOf = ({ request, response }: Exchange): string =>
  `${request.toString('base64')} ${response.toString('base64')}`

export function fromText(text: string): Recording {
  const [first = '', ...lines] = text.trimEnd().split('\n')
  const exchanges = lines.map((line) => {
    const [request = '', response = ''] = line.split(' ').map((part) => Buffer.from(part, 'base64'))
    return { request, response } as Exchange
  })
  return { offered: Number(first.replace('offered ', '')), exchanges }
}

/** A frame with that body, as the client library writes it. */
function frameOf(code: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt32BE(code)
  header.writeUInt32BE(body.length, 8)
  return Buffer.concat([header, body])
}

/** Says one request after another, as a client with one thread does; the bodies of the responses. */
export async function replay(socket: Socket, { offered, exchanges }: Recording): Promise<readonly Buffer[]> {
  let received = Buffer.alloc(0)
  let next = Promise.withResolvers<void>()
  socket.on('close', () => next.resolve())
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    next.resolve()
  })
  socket.write(Buffer.of(offered))
  for (const [index, { request }] of exchanges.entries()) {
    socket.write(frameOf(FIRST_CODE + index, request))
    while (framesOf(received).length <= index) {
      await next.promise
      if (socket.destroyed) throw new Error('The connection was closed')
      next = Promise.withResolvers()
    }
  }
  return framesOf(received).map(({ body }) => body)
}
