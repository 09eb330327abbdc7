import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gate, STATUS, startServer } from '../server/fixture.ts'
import { answerJson, connectTo, startRawServer, unavailable } from './fixture.ts'

const LOST =
  /^The connection to the HSM at 127\.0\.0\.1:\d+ was lost; the operation may have been carried out or not$/

test('a connection that drops under a call is reported, and never asked again', async (t) => {
  const { port, requests } = await startRawServer(t, (stream, nth) => {
    if (nth === 1) stream.session?.destroy()
    else answerJson(stream, STATUS)
  })
  let disconnected = 0
  const hsm = connectTo(t, port, { onDisconnected: () => (disconnected += 1) })
  await assert.rejects(hsm.call('cluster.status', {}), unavailable(LOST))
  assert.equal(requests.seen, 1)
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
  assert.equal(disconnected, 1)
})

test('a reply that breaks off is no reply', async (t) => {
  const { port } = await startRawServer(t, (stream) => {
    stream.respond({ ':status': 200, 'content-length': 1000 })
    stream.end('{')
  })
  await assert.rejects(connectTo(t, port).call('cluster.status', {}), { code: 'unavailable' })
})

const REFUSED_STREAM = 7

test('a request that the server did not touch is sent once more', async (t) => {
  const { port, requests } = await startRawServer(t, (stream, nth) => {
    if (nth === 1) stream.close(REFUSED_STREAM)
    else answerJson(stream, STATUS)
  })
  assert.deepEqual(await connectTo(t, port).call('cluster.status', {}), STATUS)
  assert.equal(requests.seen, 2)
})

test('but not for ever', async (t) => {
  const { port, requests } = await startRawServer(t, (stream) => stream.close(REFUSED_STREAM))
  await assert.rejects(connectTo(t, port).call('cluster.status', {}), { code: 'unavailable' })
  assert.equal(requests.seen, 2)
})

test('calls after the HSM was restarted go to the new one', async (t) => {
  const first = await startServer(t)
  const dropped = gate()
  const hsm = connectTo(t, first.port, { onDisconnected: dropped.open })
  await hsm.call('cluster.status', {})
  await first.server.close({ graceMs: 1000 })
  await dropped.opened
  await startServer(t, undefined, {}, first.port)
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
})

test('a session opened by a bound client ends when it closes', async (t) => {
  const { port, server, ended } = await startServer(t, () => ({
    token: 'opened',
    username: 'alice',
    role: 'admin',
  }))
  const hsm = connectTo(t, port, { bound: true, onDisconnected: () => assert.fail('it was asked to') })
  await hsm.call('session.login', { username: 'alice', role: 'admin', password: 'password' })
  hsm.close()
  await server.close({ graceMs: 60_000 })
  assert.deepEqual(ended, ['opened'])
})

test('a session opened by a client that is not bound does not', async (t) => {
  const { port, server, ended } = await startServer(t, () => ({
    token: 'opened',
    username: 'alice',
    role: 'admin',
  }))
  const hsm = connectTo(t, port)
  await hsm.call('session.login', { username: 'alice', role: 'admin', password: 'password' })
  hsm.close()
  await server.close({ graceMs: 60_000 })
  assert.deepEqual(ended, [])
})

test('closing ends calls under way, and a client that never connected closes, too', async (t) => {
  const entered = gate()
  const { port } = await startServer(t, () => {
    entered.open()
    return new Promise(() => undefined)
  })
  connectTo(t, port).close()
  const hsm = connectTo(t, port)
  const call = hsm.call('cluster.status', {})
  await entered.opened
  hsm.close()
  await assert.rejects(call, unavailable(LOST))
})
