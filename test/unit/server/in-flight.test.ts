/** How much of the HSM one peer or one user can have: others, and revocations, always find room. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import type { ServerLimits } from '../../../src/server/https-server.ts'
import { until } from '../../support/until.ts'
import { gate, openHttp2, openTls, post, postHttp2, STATUS, STATUS_PATH, startServer } from './fixture.ts'

const as = (user: string) => ({ headers: { authorization: `Bearer ${user}` } })
const HEAD = { ':path': STATUS_PATH, ':method': 'POST', 'content-type': 'application/json' }

/** Opens streams that never say what they ask for. */
async function openStreams(peer: ClientHttp2Session, count: number, headers: object = {}): Promise<void> {
  for (let stream = 0; stream < count; stream++) {
    peer.request({ ...HEAD, ...headers }).on('error', () => undefined)
  }
  await new Promise((resolve) => peer.ping(resolve))
}

/** An HSM in which calls of `key.list` do not end before it is released. */
async function heldServer(t: TestContext, limits: Partial<ServerLimits>) {
  const held = gate()
  let waiting = 0
  const started = await startServer(
    t,
    async (operation) => {
      if (operation !== 'key.list') return STATUS
      waiting += 1
      await held.opened
      waiting -= 1
      return {}
    },
    limits,
    0,
    (operation) => ({ revokes: operation === 'key.unshare' }),
  )
  t.after(() => held.open())
  const hold = async (peer: ClientHttp2Session, count: number, sent = {}) => {
    const before = waiting
    const answers = Array.from({ length: count }, () => postHttp2(peer, { path: '/v1/key.list', ...sent }))
    for (const answer of answers) answer.catch(() => undefined) // those of peers that leave first
    await until(`${count} more requests wait`, () => waiting >= before + count)
    return answers
  }
  return { ...started, hold, release: held.open }
}

test('streams that send no body take no room from anybody', async (t) => {
  const { port } = await startServer(t)
  for (let connection = 0; connection < 5; connection++) await openStreams(await openHttp2(t, port), 250)
  const loggedIn = await openHttp2(t, port)
  await postHttp2(loggedIn, as('mallory'))
  await openStreams(loggedIn, 250, as('mallory').headers)
  assert.equal((await post(port)).status, 200)
  assert.equal((await post(port, as('alice'))).status, 200)
})

test('one user cannot fill the HSM, and finds room to take rights back', async (t) => {
  const limits = { requestsInFlight: 10, userRequests: 8, requestsPerUser: 4, revocationsPerUser: 1 }
  const { port, hold } = await heldServer(t, limits)
  const mallory = await openHttp2(t, port)
  await hold(mallory, 4, as('mallory'))
  assert.equal((await postHttp2(mallory, as('mallory'))).body['code'], 'busy')
  assert.equal((await postHttp2(mallory, { path: '/v1/key.unshare', ...as('mallory') })).status, 200)
  assert.equal((await post(port, as('alice'))).status, 200)
  await hold(await openHttp2(t, port), 4, as('eve'))
  const full = await post(port, as('alice'))
  assert.deepEqual([full.status, full.body['code']], [503, 'busy'])
  assert.equal((await post(port, { path: '/v1/key.unshare', ...as('alice') })).status, 200)
})

test('peers without a login leave room for those who have one, and get it back', async (t) => {
  const limits = { requestsInFlight: 3, anonymousRequests: 2, anonymousRequestsPerPeer: 2 }
  const { port, hold, release } = await heldServer(t, limits)
  const answers = await hold(await openHttp2(t, port), 2)
  assert.equal((await post(port)).body['code'], 'busy')
  assert.equal((await post(port, as('alice'))).status, 200)
  release()
  for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
  assert.equal((await post(port)).status, 200)
})

test('replies that are not taken hold no room for requests, and are limited themselves', async (t) => {
  const limits = { anonymousRequests: 1, anonymousUntakenBytes: 1000, anonymousUntakenBytesPerPeer: 1000 }
  const { port } = await startServer(t, () => ({ ...STATUS, padding: 'x'.repeat(300) }), limits)
  const deaf = await openHttp2(t, port, { settings: { initialWindowSize: 0 } })
  const streams = [1, 2, 3].map(() =>
    deaf
      .request(HEAD)
      .on('error', () => undefined)
      .end('{}'),
  )
  const last = streams[2]
  assert.ok(last)
  await once(last, 'close')
  assert.notEqual(last.rstCode, 0)
  assert.equal((await postHttp2(await openHttp2(t, port), as('alice'))).status, 200)
  const taken = streams.map((stream) => stream.close())
  assert.equal(taken.length, 3)
  const status = async () => (await post(port).catch(() => ({ status: 0 }))).status
  await until('there is a place again', async () => (await status()) === 200)
})

test('what arrives is limited in all, and comes free again', async (t) => {
  const limits = { anonymousArrivingBytes: 1500, anonymousArrivingBytesPerPeer: 1000 }
  const { port } = await startServer(t, undefined, limits)
  const body = `{"a":"${'x'.repeat(600)}"}`
  const peer = await openHttp2(t, port)
  const slow = peer.request(HEAD)
  slow.on('error', () => undefined)
  slow.write(body.slice(0, 600))
  await new Promise((resolve) => peer.ping(resolve))
  assert.equal((await post(port, { body })).body['code'], 'busy')
  assert.equal((await post(port, { body, ...as('alice') })).status, 200)
  slow.close()
  await once(slow, 'close')
  await until('there is room again', async () => (await post(port, { body })).status === 200)
})

test('who may not ask is told so before anything of the body has come', async (t) => {
  const { port } = await startServer(
    t,
    () => assert.fail('the HSM must not be asked'),
    {},
    0,
    () => {
      throw new HsmError('not-logged-in')
    },
  )
  const socket = await openTls(t, port)
  socket.write(
    'POST /v1/key.list HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n',
  )
  const [head] = await once(socket, 'data')
  assert.match(head.toString(), /^HTTP\/1.1 401 /)
})

test('a request may be as large as its operation and its peer are allowed', async (t) => {
  const { port } = await startServer(t, undefined, {}, 0, (_operation, token) => ({
    requestBytes: token ? 1000 : 100,
  }))
  const body = `{"a":"${'x'.repeat(200)}"}`
  const got = await post(port, { body })
  assert.deepEqual([got.status, got.body['message']], [413, 'The request is larger than 100 bytes'])
  assert.equal((await post(port, { body, ...as('alice') })).status, 200)
})

test('what is refused before the HSM is called is told to it, once', async (t) => {
  const refused: string[] = []
  const { port } = await startServer(t, undefined, {}, 0, () => ({
    requestBytes: 100,
    refused: (code) => refused.push(code),
  }))
  assert.equal((await post(port, { body: `{"a":"${'x'.repeat(200)}"}` })).status, 413)
  assert.equal((await post(port, { body: '{' })).status, 400)
  assert.equal((await post(port, { body: '{}' })).status, 200)
  assert.deepEqual(refused, ['too-large', 'invalid-request'])
})

test('peers without a login get so much of the event loop, and lose their connection beyond it', async (t) => {
  const work = () => {
    const until = performance.now() + 5
    while (performance.now() < until);
    return STATUS
  }
  const limits = { anonymousBurstMs: 20, anonymousMsPerSecond: 0.001 }
  const { port } = await startServer(t, work, limits)
  const loggedIn = await openHttp2(t, port)
  const greedy = await openHttp2(t, port)
  const gone = once(greedy, 'close')
  const codes: unknown[] = []
  while (codes.length < 6 && codes.at(-1) !== 'busy') codes.push((await postHttp2(greedy)).body['code'])
  assert.equal(codes.at(-1), 'busy')
  await gone
  assert.ok(codes.length <= 5)
  for (let call = 0; call < 10; call++) assert.equal((await postHttp2(loggedIn, as('alice'))).status, 200)
})
