/** HTTP/2 frames that ask for nothing: whoever has no session pays for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { until } from '../../support/until.ts'
import { openTls, STATUS_PATH, startServer } from './fixture.ts'

const FRAME = { data: 0, headers: 1, settings: 4, ping: 6, windowUpdate: 8 }
const END_STREAM = 1
const END_HEADERS = 4

/** RFC 9113 §4.1. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const text =
  (...start: number[]) =>
  (value: string) =>
    Buffer.from([...start, value.length, ...Buffer.from(value)])

/** POST of `{}` as alice: fields of the static table, with values of their own (RFC 7541 §6.2.2 and appendix A). */
const request = Buffer.concat([
  frame(
    FRAME.headers,
    END_HEADERS,
    1,
    Buffer.concat([
      Buffer.of(0x83, 0x87),
      text(0x01)('x'),
      text(0x04)(STATUS_PATH),
      text(0x0f, 0x10)('application/json'),
      text(0x0f, 0x08)('Bearer alice'),
    ]),
  ),
  frame(FRAME.data, END_STREAM, 1, Buffer.from('{}')),
])

const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME.settings, 0, 0, Buffer.alloc(0)),
])
/** Of the connection, by one byte. */
const update = frame(FRAME.windowUpdate, 0, 0, Buffer.of(0, 0, 0, 1))
const FLOOD = Buffer.concat(Array.from({ length: 500_000 }, () => update))

/** @returns resolves when these bytes have come */
function watch(socket: TLSSocket): (wanted: string) => Promise<void> {
  let seen = ''
  socket.on('data', (bytes: Buffer) => {
    seen += bytes.toString('latin1')
  })
  return (wanted) => until(wanted, () => seen.includes(wanted))
}

/** Whatever error comes before it. */
const closed = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()))

const LIMITS = { anonymousBurstMs: 30, anonymousMsPerSecond: 0.001 }

test('a peer without a login that sends many frames which ask for nothing loses its connection', async (t) => {
  const { port } = await startServer(t, undefined, LIMITS)
  const socket = await openTls(t, port, { ALPNProtocols: ['h2'] })
  socket.resume()
  socket.write(PREFACE)
  socket.write(FLOOD)
  await closed(socket)
})

test('one whose session stands does not', async (t) => {
  const { port } = await startServer(t, undefined, LIMITS)
  const socket = await openTls(t, port, { ALPNProtocols: ['h2'] })
  const sees = watch(socket)
  socket.write(Buffer.concat([PREFACE, request]))
  await sees('cluster-test')
  socket.write(FLOOD)
  // It has been looked at meanwhile.
  await setTimeout(300)
  socket.write(frame(FRAME.ping, 0, 0, Buffer.from('pingpong')))
  await sees('pingpong')
  assert.equal(socket.destroyed, false)
})
