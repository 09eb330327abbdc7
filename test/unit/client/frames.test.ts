/** Servers that speak frames, and do with them what the test says. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import { createFramesLink } from '../../../src/client/frames-link.ts'
import { FRAMES_PROTOCOL, TELL } from '../../../src/contract/wire.ts'
import { frame } from '../../support/frames.ts'
import { identity, STATUS, startServer } from '../server/fixture.ts'
import { answerJson, connectTo, listen, startRawServer, unavailable } from './fixture.ts'

type Answer = (socket: TLSSocket, id: number, nth: number) => void

/** Calls `answer` for each request; reads nothing of it but its length and its id. */
async function startFrames(t: TestContext, answer: Answer) {
  const requests = { seen: 0 }
  const server = createServer({ ...identity, ALPNProtocols: [FRAMES_PROTOCOL] }, (socket) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        requests.seen += 1
        answer(socket, rest.readUInt32BE(4), requests.seen)
        rest = rest.subarray(4 + rest.readUInt32BE(0))
      }
    })
  })
  return { port: await listen(t, server), requests }
}

const reply = (id: number, body: unknown = STATUS) => frame(id, TELL.reply, Buffer.from(JSON.stringify(body)))
const LOST = unavailable(
  /^The connection to the HSM at 127\.0\.0\.1:\d+ was lost; the operation may have been carried out or not$/,
)

test('a server that does not speak frames is asked over HTTP/2', async (t) => {
  const { port } = await startRawServer(t, (stream) => answerJson(stream, STATUS))
  assert.deepEqual(await connectTo(t, port).call('cluster.status', {}), STATUS)
})

test('a client may want HTTP/2 all the same', async (t) => {
  const { port } = await startServer(t)
  assert.deepEqual(await connectTo(t, port, { protocols: ['h2'] }).call('cluster.status', {}), STATUS)
})

test('replies in any order, and in pieces of any size, come to their calls', async (t) => {
  const names = ['one', 'two', 'three'] as const
  const waiting: Buffer[] = []
  const { port } = await startFrames(t, (socket, id) => {
    waiting.unshift(reply(id, { ...STATUS, 'cluster-id': names[id - 1] }))
    if (waiting.length < names.length) return
    for (const byte of Buffer.concat(waiting)) socket.write(Buffer.of(byte))
  })
  const hsm = connectTo(t, port)
  const got = await Promise.all(names.map(() => hsm.call('cluster.status', {})))
  assert.deepEqual(
    got.map((status) => status['cluster-id']),
    names,
  )
})

const MALFORMED: Readonly<Record<string, (id: number) => Buffer>> = {
  'a kind that there is not': (id) => frame(id, 9),
  'a frame that is too short': () => Buffer.from([0, 0, 0, 4, 0, 0, 0, 1, 1]),
  'a frame that is too long': () => Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 1, 1]),
  'HTTP instead': () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'a reply that is no JSON': (id) => frame(id, TELL.reply, Buffer.from('{')),
  'a reply to something else': (id) => reply(id, {}),
  'a refusal with an unknown code': (id) =>
    frame(id, TELL.refusal, Buffer.from('{"code":"x","message":"y"}')),
}
for (const [what, answer] of Object.entries(MALFORMED)) {
  test(`a server that sends ${what} is not understood`, async (t) => {
    const { port } = await startFrames(t, (socket, id) => socket.write(answer(id)))
    await assert.rejects(
      connectTo(t, port).call('cluster.status', {}),
      unavailable(`The server at 127.0.0.1:${port} does not answer as an HSM does`),
    )
  })
}

test('a connection that ends within a reply is reported, and what was asked is never asked again', async (t) => {
  const { port, requests } = await startFrames(t, (socket, id, nth) => {
    if (nth === 1) socket.end(reply(id).subarray(0, -1))
    else socket.write(reply(id))
  })
  const hsm = connectTo(t, port)
  await assert.rejects(hsm.call('cluster.status', {}), LOST)
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
  assert.equal(requests.seen, 2)
})

test('what a server that goes away has not taken is asked once more, and what it has taken is answered', async (t) => {
  const { port, requests } = await startFrames(t, (socket, id, nth) => {
    if (nth > 2) return void socket.write(reply(id))
    if (nth < 2) return
    socket.write(frame(1, TELL.goingAway))
    socket.end(reply(1))
  })
  const hsm = connectTo(t, port)
  const answers = await Promise.all([hsm.call('cluster.status', {}), hsm.call('cluster.status', {})])
  assert.deepEqual(answers, [STATUS, STATUS])
  assert.equal(requests.seen, 3)
})

test('but not for ever', async (t) => {
  const { port, requests } = await startFrames(t, (socket) => socket.end(frame(0, TELL.goingAway)))
  await assert.rejects(connectTo(t, port).call('cluster.status', {}), { code: 'unavailable' })
  assert.equal(requests.seen, 2)
})

test('a server that has ended its side is asked nothing more', async () => {
  const [ours, theirs] = duplexPair()
  const link = createFramesLink({
    server: { host: '127.0.0.1', port: 1 },
    socket: ours as TLSSocket,
    onLost: () => undefined,
  })
  theirs.end()
  await once(ours, 'end')
  assert.equal(ours.destroyed, false, 'it is not gone yet')
  const request = { operation: 'cluster.status', session: undefined, bound: false, body: Buffer.from('{}') }
  assert.equal(await link.send(request, 60_000), undefined)
  link.close()
})

test('a server that went away without answering what it took is reported', async (t) => {
  const { port } = await startFrames(t, (socket) => socket.end(frame(1, TELL.goingAway)))
  await assert.rejects(connectTo(t, port).call('cluster.status', {}), LOST)
})

test('calls that are given up leave their place when their replies come, and those that wait are given up, too', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sockets: (() => void)[] = []
  const { port, requests } = await startFrames(t, (socket, id, nth) => {
    if (nth > 256) socket.write(reply(id))
    else sockets.push(() => socket.write(reply(id)))
  })
  const hsm = connectTo(t, port, { timeoutMs: 100 })
  const calls = Array.from({ length: 300 }, () => hsm.call('cluster.status', {}))
  const givenUp = Promise.all(
    calls.map((call) => assert.rejects(call, unavailable(/did not answer within 0.1 s/))),
  )
  while (sockets.length < 256) await new Promise(setImmediate)
  for (let passed = 0; passed < 100; passed += 10) t.mock.timers.tick(10)
  await givenUp
  assert.equal(requests.seen, 256)
  const later = hsm.call('cluster.status', {})
  for (const answer of sockets) answer()
  assert.deepEqual(await later, STATUS)
  assert.equal(requests.seen, 257)
})
