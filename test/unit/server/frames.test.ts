/** Frames: operations without HTTP, on the same port. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { ASK, TELL } from '../../../src/contract/wire.ts'
import { frame, payload } from '../../support/frames.ts'
import { until } from '../../support/until.ts'
import { gate, heldWork, openFrames, openHttp2, postHttp2, STATUS, startServer } from './fixture.ts'

const LOGIN = { token: 'opened', username: 'alice', role: 'admin' }

test('a request has the operation, the session and the JSON, and its reply has its id', async (t) => {
  const asked: unknown[] = []
  const { port } = await startServer(t, (operation, request, session, source) => {
    asked.push([operation, request, session, source])
    return STATUS
  })
  const peer = await openFrames(t, port)
  const token = 'abc-_.~+/='
  assert.deepEqual(await peer.ask({ body: '{"a":[1]}', token }), { kind: TELL.reply, body: STATUS })
  assert.deepEqual(await peer.ask({ operation: 'key.list' }), { kind: TELL.reply, body: STATUS })
  const source = { kind: 'https', address: '127.0.0.1' }
  assert.deepEqual(asked, [
    ['cluster.status', { a: [1] }, token, source],
    ['key.list', {}, undefined, source],
  ])
})

test('a refusal has its code and its text', async (t) => {
  const { port } = await startServer(t, () => {
    throw new HsmError('user-exists', 'User alice already exists')
  })
  const peer = await openFrames(t, port)
  const body = { code: 'user-exists', message: 'User alice already exists' }
  assert.deepEqual(await peer.ask(), { kind: TELL.refusal, body })
})

test('an unforeseen failure shows an incident number and nothing else', async (t) => {
  const { port, log } = await startServer(t, () => {
    throw new TypeError('the secret is 42')
  })
  const got = await (await openFrames(t, port)).ask()
  assert.match(String(got?.body.message), /^Internal error, incident [0-9a-f-]{36} in the log of the HSM$/)
  assert.equal(log.filter(({ level }) => level === 'error').length, 1)
})

test('replies leave as they are ready, whatever the order of the requests', async (t) => {
  const gated = gate()
  const { port } = await startServer(t, async (operation) => {
    if (operation === 'key.list') await gated.opened
    return STATUS
  })
  const peer = await openFrames(t, port)
  const slow = peer.ask({ operation: 'key.list' })
  assert.equal((await peer.ask())?.kind, TELL.reply)
  assert.deepEqual(
    peer.frames.map(({ id }) => id),
    [2],
  )
  gated.open()
  assert.equal((await slow)?.kind, TELL.reply)
})

test('a ping is answered with its id while a request waits', async (t) => {
  const { port } = await startServer(t, () => new Promise(() => undefined))
  const peer = await openFrames(t, port)
  void peer.ask()
  peer.socket.write(frame(77, ASK.ping))
  assert.deepEqual(await peer.frameWhere(({ id }) => id === 77), { id: 77, kind: TELL.pong, body: '' })
})

test('frames may come in pieces of any size', async (t) => {
  const { port } = await startServer(t, (_operation, request) => request as object)
  const peer = await openFrames(t, port)
  const body = JSON.stringify({ a: 'x'.repeat(300) })
  const bytes = Buffer.concat([
    frame(1, ASK.request, payload({ body, token: 'abc' })),
    frame(9, ASK.ping),
    frame(2, ASK.request, payload({ body: '{"b":1}' })),
  ])
  for (const byte of bytes) {
    if (!peer.socket.write(Buffer.of(byte))) await once(peer.socket, 'drain')
    await new Promise(setImmediate)
  }
  assert.equal((await peer.frameWhere(({ id }) => id === 1))?.body, body)
  assert.equal((await peer.frameWhere(({ id }) => id === 2))?.body, '{"b":1}')
})

test('many requests in one piece are all answered, and so are those of others meanwhile', async (t) => {
  const { port } = await startServer(t)
  const peer = await openFrames(t, port)
  const count = 5000
  const flood = Buffer.concat(
    Array.from({ length: count }, (_, index) => frame(index + 1, ASK.request, payload({ token: 'alice' }))),
  )
  peer.socket.write(flood)
  assert.equal((await (await openFrames(t, port)).ask())?.kind, TELL.reply)
  await until('all are answered', () => peer.frames.length === count)
  assert.deepEqual(new Set(peer.frames.map(({ kind }) => kind)), new Set([TELL.reply]))
})

test('sessions used and opened over a connection end with it when it asked for that', async (t) => {
  const { server, port, ended } = await startServer(t, (operation) =>
    operation === 'session.login' ? LOGIN : STATUS,
  )
  const peer = await openFrames(t, port)
  await peer.ask({ token: 'used', flags: 1 })
  await peer.ask({ operation: 'session.login', flags: 1 })
  await peer.ask({ token: 'unbound' })
  assert.deepEqual(ended, [])
  peer.socket.destroy()
  await server.close({ graceMs: 60_000 })
  assert.deepEqual(ended, ['used', 'opened'])
})

test('a login that succeeds after its connection is gone ends at once', async (t) => {
  const work = heldWork(LOGIN)
  const { server, port, ended } = await startServer(t, work.answer)
  const peer = await openFrames(t, port)
  void peer.ask({ operation: 'session.login', flags: 1 })
  await work.begun
  peer.socket.destroy()
  const closed = server.close({ graceMs: 60_000 })
  work.goOn()
  await closed
  assert.deepEqual(ended, ['opened'])
})

test('at a stop, what was taken is answered, and the last of it is named', async (t) => {
  const work = heldWork(STATUS)
  const { server, port } = await startServer(t, work.answer)
  const peer = await openFrames(t, port)
  const answer = peer.ask()
  await work.begun
  const closed = server.close({ graceMs: 60_000 })
  work.goOn()
  assert.equal((await answer)?.kind, TELL.reply)
  await closed
  await peer.closed()
  assert.deepEqual(peer.frames.at(-1), { id: 1, kind: TELL.goingAway, body: '' })
})

test('a connection on which nothing was asked is told at a stop that nothing was taken', async (t) => {
  const { server, port } = await startServer(t, () => assert.fail('it was taken'))
  const peer = await openFrames(t, port)
  const closed = server.close({ graceMs: 60_000 })
  // Client and server share an event loop: it is on its way before the server reads.
  void peer.ask()
  await peer.closed()
  assert.deepEqual(peer.frames, [{ id: 0, kind: TELL.goingAway, body: '' }])
  await closed
})

test('an idle connection is told that it ends, and ends', async (t) => {
  const { port } = await startServer(t, undefined, { idleConnectionMs: 20 })
  const peer = await openFrames(t, port)
  await peer.ask({ token: 'alice' })
  await peer.closed()
  assert.deepEqual(peer.frames.at(-1), { id: 1, kind: TELL.goingAway, body: '' })
})

test('HTTP goes on beside it', async (t) => {
  const { port } = await startServer(t)
  const session = await openHttp2(t, port)
  await (await openFrames(t, port)).ask()
  assert.equal((await postHttp2(session)).status, 200)
})
