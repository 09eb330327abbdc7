/** Peers that send frames which are none, too large or too slow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ASK, TELL } from '../../../src/contract/wire.ts'
import { type Asked, frame, payload } from '../../support/frames.ts'
import { gate, openFrames, STATUS, startServer } from './fixture.ts'

const request = (id: number, asked: Asked = {}) => frame(id, ASK.request, payload(asked))

/** Says that it is longer than it is. */
function announced(bytes: Buffer, length: number): Buffer {
  bytes.writeUInt32BE(length, 0)
  return bytes
}

const head = (id: number, kind: number, ...rest: number[]) => frame(id, kind, Buffer.from(rest))

/** Each behind one request that is in order. */
const MALFORMED: Readonly<Record<string, Buffer>> = {
  'is too short': announced(frame(2, ASK.ping), 4),
  'is too long': announced(request(2), 5 * 1024 * 1024),
  'is of an unknown kind': frame(2, 3),
  'is a ping that is too long': frame(2, ASK.ping, Buffer.from('x')),
  'has an id that is not the next one': request(3),
  'has an unknown flag': request(2, { flags: 2 }),
  'has a name of an operation that is too long': request(2, { operation: 'x'.repeat(65) }),
  'has a token that is too long': request(2, { token: 'x'.repeat(513) }),
}
const MORE_MALFORMED: readonly (readonly [string, Buffer])[] = [
  ['has an id that is not the next one', request(1)],
  ['has an id that is not the next one', request(0)],
  ['is of an unknown kind', frame(2, 0)],
  ['is of an unknown kind', frame(2, 255)],
  ['is too short', head(2, ASK.request)],
  ['is too short', head(2, ASK.request, 0)],
  ['is too short', head(2, ASK.request, 0, 5, 1, 2)],
  ['is too short', head(2, ASK.request, 0, 1, 65, 0, 9)],
  ['is too long', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
]

for (const [why, bytes] of [...Object.entries(MALFORMED), ...MORE_MALFORMED]) {
  test(`a frame that ${why} ends the connection, with a line in the log: ${bytes.toString('hex').slice(0, 30)}`, async (t) => {
    const { port, log } = await startServer(t)
    const peer = await openFrames(t, port)
    await peer.ask({ token: 'alice' })
    peer.socket.write(bytes)
    await peer.closed()
    assert.deepEqual(peer.frames.at(-1), { id: 1, kind: TELL.goingAway, body: '' })
    const lines = log.filter(({ fields }) => 'frame' in fields).map(({ fields }) => ({ ...fields }))
    const outcome = 'malformed-frame'
    assert.deepEqual(lines, [{ operation: undefined, outcome, ms: 0, frame: why, remote: '127.0.0.1' }])
  })
}

test('what was asked before a malformed frame is answered', async (t) => {
  const gated = gate()
  const { port } = await startServer(t, async () => {
    await gated.opened
    return STATUS
  })
  const peer = await openFrames(t, port)
  const answer = peer.ask()
  peer.socket.write(frame(2, 9))
  await peer.frameWhere(({ kind }) => kind === TELL.goingAway)
  gated.open()
  assert.equal((await answer)?.kind, TELL.reply)
  await peer.closed()
})

test('bytes at random never disturb the server', async (t) => {
  const { port } = await startServer(t, undefined, { anonymousBurstMs: 1e9, allAnonymousBurstMs: 1e9 })
  const start = Buffer.from([0, 0, 0])
  const bytes = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (pieces, hasStart) => {
      const peer = await openFrames(t, port)
      for (const piece of pieces) peer.socket.write(hasStart ? Buffer.concat([start, piece]) : piece)
      peer.socket.end()
      await peer.closed()
    }),
    { numRuns: 30 },
  )
  assert.equal((await (await openFrames(t, port)).ask())?.kind, TELL.reply)
})

const BODIES: readonly (readonly [string, string | Uint8Array])[] = [
  ['The request body is not JSON', ''],
  ['The request body is not JSON', '{'],
  ['The request body must be a JSON object', '[]'],
  ['The request body is not UTF-8 text', Buffer.from([0x7b, 0xff, 0x7d])],
  ['The request body has a member named __proto__', '{"__proto__":{"admin":true}}'],
  ['The request body is nested more than 32 levels deep', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
]
test('a body that is no JSON object is refused, and the connection stays', async (t) => {
  const { port } = await startServer(t, () => assert.fail('the HSM must not be asked'))
  const peer = await openFrames(t, port)
  for (const [message, body] of BODIES) {
    assert.deepEqual(await peer.ask({ body }), {
      kind: TELL.refusal,
      body: { code: 'invalid-request', message },
    })
  }
})

test('an operation that there is not, and a token that cannot be one, are refused', async (t) => {
  const { port } = await startServer(t, () => assert.fail('the HSM must not be asked'))
  const peer = await openFrames(t, port)
  for (const operation of ['', 'nope', 'toString', '__proto__', 'cluster.status\0', 'clüster.status']) {
    assert.equal((await peer.ask({ operation }))?.body.code, 'unknown-operation')
  }
  for (const token of ['a b', 'é', 'a=b', 'x'.repeat(300)]) {
    assert.equal((await peer.ask({ token }))?.body.code, 'not-logged-in')
  }
})

const SLOW: Readonly<Record<string, Buffer>> = {
  'half a length': Buffer.from([0, 0]),
  'half a head': request(1).subarray(0, 15),
  'half a body': request(1).subarray(0, -1),
}
for (const [what, bytes] of Object.entries(SLOW)) {
  test(`a peer that sends ${what} and no more is let go`, async (t) => {
    const { port, log } = await startServer(t, undefined, { requestBodyMs: 20 })
    const peer = await openFrames(t, port)
    peer.socket.write(bytes)
    await peer.closed()
    assert.equal(peer.frames.at(-1)?.kind, TELL.goingAway)
    assert.ok(log.some(({ fields }) => 'frame' in fields && fields.frame === 'arrived too slowly'))
    if (what !== 'half a body') return
    const refusal = peer.frames.find(({ kind }) => kind === TELL.refusal)
    assert.match(String(refusal?.body), /The request body arrived too slowly/)
  })
}
