import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { openEndpoint } from '../../../src/metrics/endpoint.ts'
import { untilElsewhere } from '../../support/until.ts'

async function get(port: number, path: string, method = 'GET') {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>()
  const asked = request({ host: '127.0.0.1', port, path, method, agent: false }, async (response) => {
    const chunks = await response.toArray()
    resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() })
  })
  asked.on('error', reject).end()
  return promise
}

const onAcceptError = assert.ifError

/** Of the endpoints here: time passes when a test says so. */
const clock = { ms: 0 }
const monotonic = () => clock.ms

async function serveMetrics(t: TestContext, render: () => Promise<string>, limits: object = {}) {
  const needs = { render, monotonic, onAcceptError, limits }
  const endpoint = await openEndpoint({ host: '127.0.0.1', port: 0 }, needs)
  t.after(() => endpoint.close())
  return endpoint.listening.port
}

test('the endpoint has one page', async (t) => {
  const port = await serveMetrics(t, async () => 'a 1\n')
  assert.deepEqual(await get(port, '/metrics'), { status: 200, text: 'a 1\n' })
  assert.deepEqual(await get(port, '/metrics', 'HEAD'), { status: 200, text: '' })
  assert.equal((await get(port, '/')).status, 404)
  assert.equal((await get(port, '/metrics', 'POST')).status, 405)
})

test('a page that cannot be made says no more than that', async (t) => {
  const port = await serveMetrics(t, async () => {
    throw new Error('with a secret in it')
  })
  assert.deepEqual(await get(port, '/metrics'), { status: 500, text: 'The metrics could not be read\n' })
})

test('those who ask at once share one page, and a later one is made anew', async (t) => {
  let made = 0
  const port = await serveMetrics(t, async () => `made ${++made}\n`)
  const pages = await Promise.all(Array.from({ length: 10 }, () => get(port, '/metrics')))
  assert.deepEqual(new Set(pages.map(({ text }) => text)), new Set(['made 1\n']))
  clock.ms += 199
  assert.equal((await get(port, '/metrics')).text, 'made 1\n')
  clock.ms += 1
  assert.equal((await get(port, '/metrics')).text, 'made 2\n')
})

/** All that a server sends to a client that sends this. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  let answer = ''
  socket.setEncoding('latin1').on('data', (data) => {
    answer += data
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

test('one request is answered on a connection, however many are sent', async (t) => {
  let made = 0
  const port = await serveMetrics(t, async () => `made ${++made}\n`)
  const answer = await exchange(port, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000))
  assert.ok(answer.split('HTTP/1.1 ').length <= 2, answer)
  assert.equal(made, 1)
})

test('what is no request, and a head that is too long, are refused', async (t) => {
  const port = await serveMetrics(t, async () => 'a 1\n')
  assert.match(await exchange(port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(
    await exchange(port, `GET /metrics HTTP/1.1\r\na: ${'x'.repeat(9000)}`),
    /^(HTTP\/1\.1 431 |$)/,
  )
})

test('an address for metrics that is taken is named', async (t) => {
  const port = await serveMetrics(t, async () => '')
  await assert.rejects(
    openEndpoint({ host: '127.0.0.1', port }, { render: async () => '', monotonic, onAcceptError }),
    {
      code: 'unavailable',
      message: `Cannot serve metrics on 127.0.0.1:${port}: another program is using it`,
    },
  )
})

/** Sockets of this process, those of the server among them. */
const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

const HEAD = 'POST /metrics HTTP/1.1\r\nhost: x\r\n'
const ATTACKS: Readonly<Record<string, (socket: Socket) => void>> = {
  'say nothing': () => undefined,
  'close their side': (socket) => socket.end(),
  'send half a header': (socket) => socket.write(HEAD),
  'send a header bit by bit': (socket) => {
    socket.write(HEAD)
    const more = setInterval(() => socket.writable && socket.write('a: b\r\n'), 5)
    socket.once('close', () => clearInterval(more))
  },
  'never end their body': (socket) => {
    socket.write(`${HEAD}content-length: 1000000\r\n\r\n`)
    const more = setInterval(() => socket.writable && socket.write('x'), 5)
    socket.once('close', () => clearInterval(more))
  },
}

for (const [what, attack] of Object.entries(ATTACKS)) {
  test(`peers that ${what} are gone when their time is up`, async (t) => {
    const port = await serveMetrics(t, async () => 'a 1\n', { handshakeMs: 50, anonymousConnectionMs: 50 })
    const peers = Array.from({ length: 16 }, () => connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
    for (const peer of peers) {
      t.after(() => peer.destroy())
      peer.on('error', () => undefined).once('connect', () => attack(peer))
    }
    await Promise.all(
      peers.map((peer) =>
        Promise.race([once(peer.resume(), 'end'), once(peer, 'close')]).catch(() => undefined),
      ),
    )
    // This side ends nothing by itself: the server lets go of its own.
    const own = () => peers.filter(({ destroyed }) => !destroyed).length
    await untilElsewhere('the server has no socket', () => sockets() <= own())
    // On a busy machine a scraper's connection, too, may be let go before it has asked.
    const serves = () =>
      get(port, '/metrics').then(
        ({ status }) => status === 200,
        () => false,
      )
    await untilElsewhere('it serves', serves)
  })
}

test('a scraper finds room among any number of silent connections', async (t) => {
  const port = await serveMetrics(t, async () => 'a 1\n')
  for (let crowd = 0; crowd < 10; crowd++) {
    const peers = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
    t.after(() => peers.map((peer) => peer.destroy()))
    await Promise.all(peers.map((peer) => once(peer, 'connect')))
    assert.equal((await get(port, '/metrics')).status, 200)
  }
})
