import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gate, openHttp2, openTls, post, postHttp2, STATUS, STATUS_PATH, startServer } from './fixture.ts'

test('an address that cannot be had is named with the reason', async (t) => {
  const { port } = await startServer(t)
  await assert.rejects(startServer(t, undefined, {}, port), {
    name: 'HsmError',
    code: 'unavailable',
    message: `Cannot listen on 127.0.0.1:${port}: another program is using it`,
  })
})

test('closing lets requests under way finish and accepts nothing more', async (t) => {
  const gated = gate()
  let waiting = 0
  const both = gate()
  const { server, port } = await startServer(t, async () => {
    waiting += 1
    if (waiting === 2) both.open()
    await gated.opened
    return STATUS
  })
  const idle = await openTls(t, port)
  const h2 = await openHttp2(t, port)
  const answers = [post(port), postHttp2(h2)]
  await both.opened
  const closed = server.close({ graceMs: 60_000 })
  idle.resume()
  await once(idle, 'close')
  await assert.rejects(post(port), { code: 'ECONNREFUSED' })
  gated.open()
  for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
  await closed
})

test('whoever asked before the server saw the end of the handshake learns that nothing was taken', async (t) => {
  const { server, port } = await startServer(t, () => assert.fail('it was taken'))
  const socket = await openTls(t, port, { ALPNProtocols: ['h2'] })
  // Client and server share an event loop: the server has not read since, and takes its time.
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const closed = server.close({ graceMs: 60_000 })
  t.mock.timers.tick(5000)
  const session = connectHttp2('https://localhost', { createConnection: () => socket })
  const stream = session.request({ ':path': STATUS_PATH, ':method': 'POST' }).on('error', () => undefined)
  stream.end('{}')
  await new Promise((resolve) => stream.once('close', resolve))
  assert.equal(stream.rstCode, constants.NGHTTP2_REFUSED_STREAM)
  await closed
})

test('closing cuts off what has not finished in time', async (t) => {
  const entered = gate()
  const { server, port } = await startServer(t, async () => {
    entered.open()
    await new Promise(() => undefined)
  })
  const answer = post(port)
  await entered.opened
  await Promise.all([assert.rejects(answer, { code: 'ECONNRESET' }), server.close({ graceMs: 10 })])
})

test('a peer that has not even begun its handshake does not delay closing', async (t) => {
  const { server, port } = await startServer(t)
  const peer = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(peer, 'connect')
  const gone = once(peer.resume(), 'close')
  // The server has accepted the first connection by the time it serves the second.
  await post(port)
  await server.close({ graceMs: 60_000 })
  await gone
})
