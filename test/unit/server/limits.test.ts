import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { Agent } from 'node:https'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { HsmError } from '../../../src/contract/errors.ts'
import { until } from '../../support/until.ts'
import {
  authority,
  gate,
  heldWork,
  openHttp2,
  openTls,
  post,
  postHttp2,
  readAll,
  STATUS,
  STATUS_PATH,
  startServer,
} from './fixture.ts'

const POST = 'POST /v1/cluster.status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
const session = { authorization: 'Bearer abc' }

test('a body over the limit is refused, announced or not', async (t) => {
  const { port } = await startServer(t, () => assert.fail('the HSM must not be asked'), { bodyBytes: 1000 })
  const h2 = await openHttp2(t, port)
  const body = `{"a":"${'x'.repeat(2000)}"}`
  const chunked = { headers: { 'transfer-encoding': 'chunked' }, body }
  for (const got of [await post(port, { body }), await post(port, chunked), await postHttp2(h2, { body })]) {
    assert.equal(got.status, 413)
    assert.deepEqual(got.body, { code: 'too-large', message: 'The request is larger than 1000 bytes' })
  }
})

test('a body of exactly the limit passes', async (t) => {
  const { port } = await startServer(t, undefined, { bodyBytes: 100 })
  assert.equal((await post(port, { body: `{"a":"${'x'.repeat(92)}"}` })).status, 200)
  assert.equal((await post(port, { body: `{"a":"${'x'.repeat(93)}"}` })).status, 413)
})

test('a peer that never ends its oversized body is cut off', async (t) => {
  const { port } = await startServer(t, undefined, { bodyBytes: 1000 })
  const socket = await openTls(t, port)
  socket.write(`${POST}content-length: 100000000\r\n\r\n`)
  const closed = readAll(socket)
  const feed = () => {
    while (!socket.destroyed && socket.write('x'.repeat(1000)));
  }
  socket.on('drain', feed)
  feed()
  assert.match(await closed, /^HTTP\/1.1 413 |^$/)
})

test('a body that arrives too slowly is refused, and its peer cut off', async (t) => {
  const { port } = await startServer(t, undefined, { requestBodyMs: 20 })
  const socket = await openTls(t, port)
  socket.write(`${POST}content-length: 10\r\n\r\n{"a"`)
  const h2 = await openHttp2(t, port)
  const stream = h2.request({
    ':path': STATUS_PATH,
    ':method': 'POST',
    'content-type': 'application/json',
  })
  stream.on('error', () => undefined)
  stream.write('{"a"')
  const cutOff = new Promise((resolve) => stream.once('close', resolve))

  assert.match(await readAll(socket), /^HTTP\/1.1 400 [\s\S]*The request body arrived too slowly/)
  assert.equal(JSON.parse(await text(stream)).message, 'The request body arrived too slowly')
  await cutOff
})

test('a reply that nobody takes ends with its stream', async (t) => {
  const { port } = await startServer(t, undefined, { replyMs: 20 })
  const h2 = await openHttp2(t, port, { settings: { initialWindowSize: 0 } })
  const stream = h2.request({
    ':path': STATUS_PATH,
    ':method': 'POST',
    'content-type': 'application/json',
  })
  stream.on('error', () => undefined)
  stream.end('{}')
  await once(stream, 'close')
  assert.notEqual(stream.rstCode, 0)
})

test('a head over the limit is refused', async (t) => {
  const { port } = await startServer(t)
  const headers = { padding: 'x'.repeat(17_000) }
  const { status, body } = await post(port, { headers })
  assert.equal(status, 431)
  assert.deepEqual(body, { code: 'too-large', message: 'The request header is too large' })
  const h2 = await openHttp2(t, port)
  await assert.rejects(postHttp2(h2, { headers }))
  assert.equal((await post(port)).status, 200)
})

test('a request too many is told that the HSM is busy, and finds room later', async (t) => {
  const work = heldWork(STATUS)
  const { port } = await startServer(t, work.answer, { requestsInFlight: 1 })
  const first = post(port)
  await work.begun
  const { status, body } = await post(port)
  assert.deepEqual([status, body['code']], [503, 'busy'])
  work.goOn()
  assert.equal((await first).status, 200)
  assert.equal((await post(port)).status, 200)
})

test('a request whose peer is gone keeps its place until the HSM is done with it', async (t) => {
  const work = heldWork(STATUS)
  const { port } = await startServer(t, work.answer, { requestsInFlight: 1 })
  const socket = await openTls(t, port)
  socket.write(`${POST}content-length: 2\r\n\r\n{}`)
  await work.begun
  socket.destroy()
  assert.equal((await post(port)).status, 503)
  work.goOn()
  assert.equal((await post(port)).status, 200)
})

/** Time stands still but for this: it goes by in steps of `ms` until all of them are closed. */
async function timeUp({ mock }: TestContext, ms: number, peers: readonly EventEmitter[]): Promise<void> {
  let open = peers.length
  for (const peer of peers) {
    peer.once('close', () => {
      open -= 1
    })
  }
  await until(
    'all of them are closed',
    () => open === 0,
    () => {
      mock.timers.tick(ms)
      return setImmediate()
    },
  )
}

test('connections that show no session are closed, others stay', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { port } = await startServer(
    t,
    (_operation, _request, token) => {
      if (token === 'wrong') throw new HsmError('not-logged-in')
      return STATUS
    },
    { anonymousConnectionMs: 100 },
    0,
    (_operation, token) => {
      if (token === 'wrong') throw new HsmError('not-logged-in')
      return {}
    },
  )
  const agent = new Agent({ keepAlive: true, ca: authority.cert })
  t.after(() => agent.destroy())
  await post(port, { headers: session }, { agent })
  const withSession = await openHttp2(t, port)
  await postHttp2(withSession, { headers: session })

  const silent = await openTls(t, port)
  const headOnly = await openTls(t, port)
  headOnly.write(POST)
  const anonymous = await openHttp2(t, port)
  await postHttp2(anonymous)
  const impostor = await openHttp2(t, port)
  await postHttp2(impostor, { headers: { authorization: 'Bearer wrong' } })
  silent.resume()
  headOnly.resume()
  await timeUp(t, 100, [silent, headOnly, anonymous, impostor])

  assert.equal((await postHttp2(withSession)).status, 200)
  const again = await post(port, { headers: session }, { agent })
  assert.equal(again.status, 200)
})

test('a login under way when the time is up is not disturbed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const gated = gate()
  const entered = gate()
  const { port } = await startServer(
    t,
    async (operation) => {
      if (operation !== 'session.login') return STATUS
      entered.open()
      await gated.opened
      return { token: 'abc', username: 'alice', role: 'admin' }
    },
    { anonymousConnectionMs: 50 },
  )
  const slow = await openHttp2(t, port)
  const login = postHttp2(slow, { path: '/v1/session.login' })
  await entered.opened
  await timeUp(t, 50, [await openHttp2(t, port)])
  gated.open()
  assert.equal((await login).status, 200)
  await timeUp(t, 50, [await openHttp2(t, port)])
  assert.equal((await postHttp2(slow)).status, 200)
})

test('an idle connection is closed unless a session is bound to it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { port } = await startServer(t, undefined, { idleConnectionMs: 50 })
  const bound = await openHttp2(t, port)
  await postHttp2(bound, { headers: { ...session, 'strongroom-session': 'connection' } })
  const unbound = await openHttp2(t, port)
  await postHttp2(unbound, { headers: session })
  await timeUp(t, 50, [unbound])
  assert.equal((await postHttp2(bound)).status, 200)
})
