/** How much of the HSM frames can have: of one connection, of peers without a login, and of peers that do not read. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { ASK, TELL } from '../../../src/contract/wire.ts'
import type { ServerLimits } from '../../../src/server/https-server.ts'
import { type Asked, frame, payload } from '../../support/frames.ts'
import { until } from '../../support/until.ts'
import { gate, heldWork, openFrames, STATUS, startServer } from './fixture.ts'

const request = (id: number, asked: Asked = {}) => frame(id, ASK.request, payload(asked))

test('who may not ask is told so before the body has come', async (t) => {
  const { port } = await startServer(
    t,
    () => assert.fail('the HSM must not be asked'),
    {},
    0,
    () => {
      throw new HsmError('not-logged-in')
    },
  )
  const peer = await openFrames(t, port)
  const whole = request(1, { body: `{"a":"${'x'.repeat(1000)}"}` })
  peer.socket.write(whole.subarray(0, 40))
  assert.equal((await peer.frameWhere(({ id }) => id === 1))?.kind, TELL.refusal)
  // The rest is thrown away, and what comes behind it is a request like any other.
  peer.socket.write(whole.subarray(40))
  peer.socket.write(request(2))
  assert.equal((await peer.frameWhere(({ id }) => id === 2))?.kind, TELL.refusal)
})

test('a request may be as large as its operation and its peer are allowed, and what is refused is told once', async (t) => {
  const refused: string[] = []
  const { port } = await startServer(t, undefined, {}, 0, (_operation, token) => ({
    requestBytes: token ? 1000 : 100,
    refused: (code) => refused.push(code),
  }))
  const peer = await openFrames(t, port)
  const body = `{"a":"${'x'.repeat(200)}"}`
  const message = 'The request is larger than 100 bytes'
  assert.deepEqual((await peer.ask({ body }))?.body, { code: 'too-large', message })
  assert.equal((await peer.ask({ body, token: 'alice' }))?.kind, TELL.reply)
  assert.equal((await peer.ask({ body: '{' }))?.body.code, 'invalid-request')
  assert.deepEqual(refused, ['too-large', 'invalid-request'])
})

test('what arrives is limited in all, and comes free again', async (t) => {
  const limits = { anonymousArrivingBytes: 1500, anonymousArrivingBytesPerPeer: 1000 }
  const { port } = await startServer(t, undefined, limits)
  const body = `{"a":"${'x'.repeat(600)}"}`
  const slow = await openFrames(t, port)
  const other = await openFrames(t, port)
  slow.socket.write(request(1, { body }).subarray(0, 500))
  await until('it has come', async () => (await other.ask({ body }))?.body.code === 'busy')
  assert.equal((await other.ask({ body, token: 'alice' }))?.kind, TELL.reply)
  slow.socket.destroy()
  await until('there is room again', async () => (await other.ask({ body }))?.kind === TELL.reply)
})

test('so many requests are under way on a connection, and the next waits for one of them', async (t) => {
  const gates = [gate(), gate(), gate()]
  let begun = 0
  const { port } = await startServer(
    t,
    async () => {
      const mine = gates[begun]
      begun += 1
      await mine?.opened
      return STATUS
    },
    { requestsPerConnection: 2 },
  )
  const peer = await openFrames(t, port)
  const answers = [peer.ask(), peer.ask(), peer.ask()]
  await until('two have begun', () => begun === 2)
  const other = await openFrames(t, port)
  other.socket.write(frame(7, ASK.ping))
  await other.frameWhere(({ id }) => id === 7)
  assert.equal(begun, 2)
  gates[0]?.open()
  await until('the third has begun', () => begun === 3)
  for (const { open: go } of gates) go()
  for (const answer of answers) assert.equal((await answer)?.kind, TELL.reply)
})

/** Resolves when the server no longer works on what this peer sends, and has not told it to go. */
async function floodUntilHeld(t: TestContext, limits: Partial<ServerLimits>) {
  let calls = 0
  const padding = 'x'.repeat(20_000)
  const { port, server } = await startServer(
    t,
    () => {
      calls += 1
      return { ...STATUS, padding }
    },
    limits,
  )
  const peer = await openFrames(t, port)
  peer.socket.pause()
  const flood = Buffer.concat(
    Array.from({ length: 3000 }, (_, index) => request(index + 1, { token: 'alice' })),
  )
  peer.socket.write(flood)
  return { peer, port, server, calls: () => calls }
}

test('a peer that does not read is not read from, and takes all of it when it does', async (t) => {
  const { peer, port, calls } = await floodUntilHeld(t, {})
  await (await openFrames(t, port)).ask()
  let before = -1
  await until('it is held up', async () => {
    const still = calls() === before
    before = calls()
    await new Promise((resolve) => setTimeout(resolve, 50))
    return still
  })
  assert.ok(calls() < 3000)
  peer.socket.resume()
  await until('all of it is taken', () => peer.frames.length === 3000)
})

test('a peer that does not read for too long is cut off', async (t) => {
  const { peer, server } = await floodUntilHeld(t, { replyMs: 50 })
  await server.close({ graceMs: 60_000 })
  peer.socket.resume()
  await peer.closed()
  assert.ok(peer.frames.length < 3000)
})

test('a reply for which there is no room ends the connection', async (t) => {
  const limits = { anonymousUntakenBytes: 100, anonymousUntakenBytesPerPeer: 100 }
  const { port } = await startServer(t, () => ({ padding: 'x'.repeat(200) }), limits)
  const peer = await openFrames(t, port)
  assert.equal(await peer.ask(), undefined)
})

test('peers without a login get so much of the event loop, and lose their connection beyond it', async (t) => {
  const limits = { anonymousBurstMs: 20, anonymousMsPerSecond: 0.001 }
  const { port } = await startServer(t, undefined, limits)
  const loggedIn = await openFrames(t, port)
  assert.equal((await loggedIn.ask({ token: 'alice' }))?.kind, TELL.reply)
  const greedy = await openFrames(t, port)
  const codes: unknown[] = []
  for (let got = await greedy.ask(); got; got = await greedy.ask()) codes.push(got.body.code)
  assert.equal(codes.at(-1), 'busy')
  await greedy.closed()
  for (let call = 0; call < 10; call++) {
    assert.equal((await loggedIn.ask({ token: 'alice' }))?.kind, TELL.reply)
  }
})

const REFUSED: Readonly<Record<string, Asked>> = {
  'with tokens that are none': { token: 'nobody' },
  'for operations that there are not': { operation: 'no.such' },
}
for (const [how, asked] of Object.entries(REFUSED)) {
  test(`peers that ask ${how} lose their connection, too, unless a session that it has shown stands`, async (t) => {
    const limits = { anonymousBurstMs: 20, anonymousMsPerSecond: 0.001 }
    let stands = true
    const admit = (_: string, token: string | undefined) => {
      if (token === 'nobody') throw new HsmError('not-logged-in')
      return {}
    }
    const { port } = await startServer(t, undefined, limits, 0, admit, () => stands)
    const loggedIn = await openFrames(t, port)
    assert.equal((await loggedIn.ask({ token: 'alice' }))?.kind, TELL.reply)
    const greedy = await openFrames(t, port)
    const requests = Array.from({ length: 2000 }, (_, at) => request(at + 1, asked))
    greedy.socket.write(Buffer.concat(requests))
    await greedy.closed()
    assert.equal(greedy.frames.at(-1)?.kind, TELL.goingAway)
    assert.ok(greedy.frames.length < 2000)
    assert.equal((await loggedIn.ask(asked))?.kind, TELL.refusal)
    assert.equal((await loggedIn.ask())?.body.code, 'busy')
    assert.equal((await loggedIn.ask({ token: 'alice' }))?.kind, TELL.reply)
    stands = false
    assert.equal((await loggedIn.ask(asked))?.kind, TELL.refusal)
    await loggedIn.closed()
  })
}

test('what is thrown away of a request is paid for by peers without a login', async (t) => {
  const limits = { anonymousBurstMs: 20, anonymousMsPerSecond: 0.001 }
  const { port } = await startServer(t, undefined, limits)
  const greedy = await openFrames(t, port)
  assert.equal((await greedy.ask({ body: Buffer.alloc(3_000_000) }))?.body.code, 'too-large')
  assert.equal((await greedy.ask())?.body.code, 'busy')
  await greedy.closed()
})

test('pings are paid for, too, by peers without a login', async (t) => {
  const limits = { anonymousBurstMs: 20, anonymousMsPerSecond: 0.001 }
  const { port } = await startServer(t, undefined, limits)
  const peer = await openFrames(t, port)
  const pings = Buffer.concat(Array.from({ length: 1000 }, (_, id) => frame(id, ASK.ping)))
  const feed = () => {
    while (!peer.socket.destroyed && peer.socket.write(pings));
  }
  peer.socket.on('drain', feed)
  feed()
  await peer.closed()
  assert.equal(peer.frames.at(-1)?.kind, TELL.goingAway)
})

test('pings are paid for again when the session that was shown has ended, and those of others are not', async (t) => {
  const limits = { anonymousBurstMs: 8, anonymousMsPerSecond: 0.001 }
  const ended = new Set<string>()
  const { port } = await startServer(t, undefined, limits, 0, undefined, (session) => !ended.has(session))
  const loggedIn = await openFrames(t, port)
  const peer = await openFrames(t, port)
  for (const token of ['carol', 'alice']) await loggedIn.ask({ token })
  await peer.ask({ token: 'bob' })
  const pings = Buffer.concat(Array.from({ length: 5000 }, (_, id) => frame(id, ASK.ping)))
  const ping = async ({ socket, frameWhere }: typeof peer, last: number) => {
    socket.write(pings)
    socket.write(frame(last, ASK.ping))
    return (await frameWhere(({ id }) => id === last))?.kind
  }
  ended.add('alice')
  assert.equal(await ping(peer, 50_001), TELL.pong)
  ended.add('bob')
  assert.equal(await ping(peer, 50_002), undefined)
  assert.equal(peer.frames.at(-1)?.kind, TELL.goingAway)
  assert.equal(await ping(loggedIn, 50_003), TELL.pong)
})

for (const stands of [true, false]) {
  const whose = stands ? 'by nobody while its session stands' : 'when its session has ended'
  test(`a frame that is malformed is paid for ${whose}`, async (t) => {
    const limits = { anonymousBurstMs: 20, anonymousMsPerSecond: 0.001 }
    const { port } = await startServer(t, undefined, limits, 0, undefined, () => stands)
    const nobody = await openFrames(t, port)
    const peers = []
    for (let count = 0; count < 25; count++) {
      const peer = await openFrames(t, port)
      await peer.ask({ token: 'alice' })
      peers.push(peer)
    }
    for (const { socket } of peers) socket.write(frame(2, 9))
    for (const { closed } of peers) await closed()
    assert.equal((await nobody.ask())?.kind, stands ? TELL.reply : TELL.refusal)
  })
}

test('a connection without a session ends when its time is up, whatever it sends', async (t) => {
  const { port } = await startServer(t, undefined, { anonymousConnectionMs: 50 })
  const silent = await openFrames(t, port)
  const pinging = await openFrames(t, port)
  const timer = setInterval(() => pinging.socket.write(frame(1, ASK.ping)), 5)
  await Promise.all([silent.closed(), pinging.closed()])
  clearInterval(timer)
  assert.deepEqual(silent.frames, [{ id: 0, kind: TELL.goingAway, body: '' }])
})

test('a request whose peer is gone keeps its place until the HSM is done with it', async (t) => {
  const work = heldWork(STATUS)
  const { port } = await startServer(t, work.answer, { requestsInFlight: 1 })
  const peer = await openFrames(t, port)
  void peer.ask()
  await work.begun
  peer.socket.destroy()
  await once(peer.socket, 'close')
  const other = await openFrames(t, port)
  assert.equal((await other.ask())?.body.code, 'busy')
  work.goOn()
  await until('there is room', async () => (await other.ask())?.kind === TELL.reply)
})
