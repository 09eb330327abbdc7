/** Peers that connect by the hundred and do as little as they can. Nobody of them stays, and nobody keeps others out. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { untilElsewhere } from '../../support/until.ts'
import { openHttp2, openTls, post, postHttp2, startServer } from './fixture.ts'

const QUICK = { handshakeMs: 50, anonymousConnectionMs: 50 }
const session = { authorization: 'Bearer abc' }
const CROWD = 150

/** Sockets of this process, those of the server among them. */
const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

/** Resolves when nobody in this process has a socket but those of the peers that still have theirs. */
async function serverHasNone(peers: readonly Socket[]): Promise<void> {
  const own = () => peers.filter(({ destroyed }) => !destroyed).length
  await untilElsewhere('the server has no socket', () => sockets() <= own())
}

/** Resolves when somebody is answered: on a busy machine their connection, too, may be let go first. */
const serves = (ask: () => Promise<{ readonly status: number }>) =>
  untilElsewhere('it serves', () =>
    ask().then(
      ({ status }) => status === 200,
      () => false,
    ),
  )

/** Resolves when the other side has closed its own, or the connection is gone. */
const letGo = (peer: Socket) =>
  new Promise((resolve) => {
    if (peer.destroyed) resolve(undefined)
    for (const event of ['end', 'close']) peer.once(event, resolve)
    peer.resume()
  })

/** A TCP connection that stays open on this side, whatever the other does, unless it is reset. */
async function openTcp(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** A ClientHello that says it has 512 bytes, and the first of them. */
const HALF_A_HELLO = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3])

const TCP_ATTACKS: Readonly<Record<string, (socket: Socket) => void>> = {
  'say nothing': () => undefined,
  'send what is not TLS': (socket) => socket.write('GET / HTTP/1.0\r\n\r\n'),
  'send half a ClientHello': (socket) => socket.write(HALF_A_HELLO),
  'send half a ClientHello and close their side': (socket) => socket.end(HALF_A_HELLO),
  'close their side': (socket) => socket.end(),
  'send what is not TLS and reset': (socket) => socket.write('x', () => socket.resetAndDestroy()),
}

for (const [what, attack] of Object.entries(TCP_ATTACKS)) {
  test(`peers that ${what} are gone when their time is up`, async (t) => {
    const { port } = await startServer(t, undefined, QUICK)
    const peers = await Promise.all(Array.from({ length: CROWD }, () => openTcp(t, port)))
    for (const peer of peers) attack(peer)
    // This side ends nothing by itself: the server lets go of its own.
    await Promise.all(peers.map(letGo))
    await serverHasNone(peers)
    await serves(() => post(port))
  })
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** RFC 9113 §4.1: length, type, flags and stream. */
const frame = (type: number, body: Buffer = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from([0, 0, body.length, type, 0, 0, 0, 0, 0]), body])
const SETTINGS = frame(4)
const PING = frame(6, Buffer.alloc(8))
const WINDOW_UPDATE = frame(8, Buffer.from([0, 0, 0, 1]))

const HTTP2_ATTACKS: Readonly<Record<string, { readonly once: Buffer; readonly again?: Buffer }>> = {
  'send only the preface': { once: Buffer.from(PREFACE) },
  'send only the preface and settings': { once: Buffer.concat([Buffer.from(PREFACE), SETTINGS]) },
  'only ping': { once: Buffer.concat([Buffer.from(PREFACE), SETTINGS]), again: PING },
  'only send settings': { once: Buffer.concat([Buffer.from(PREFACE), SETTINGS]), again: SETTINGS },
  'only widen the window': { once: Buffer.concat([Buffer.from(PREFACE), SETTINGS]), again: WINDOW_UPDATE },
}

for (const [what, { once: first, again }] of Object.entries(HTTP2_ATTACKS)) {
  test(`HTTP/2 peers that ${what} are gone when their time is up`, async (t) => {
    const { port } = await startServer(t, undefined, { ...QUICK, handshakeMs: 10_000 })
    const peers = await Promise.all(
      Array.from({ length: 20 }, () => openTls(t, port, { ALPNProtocols: ['h2'], allowHalfOpen: true })),
    )
    for (const peer of peers) peer.write(first)
    const busy = again && setInterval(() => peers.map((peer) => peer.writable && peer.write(again)), 5)
    await Promise.all(peers.map(letGo))
    await serverHasNone(peers)
    clearInterval(busy)
    await serves(() => post(port))
  })
}

test('a peer that does not take in the end of its connection is cut off', async (t) => {
  const { port } = await startServer(t, undefined, { ...QUICK, handshakeMs: 10_000 })
  const deaf = await openTls(t, port, { allowHalfOpen: true })
  await serverHasNone([deaf.pause()])
})

test('at the limit, the oldest connection without a session gives way to a new one', async (t) => {
  const { port } = await startServer(t, undefined, { connections: 3 })
  const loggedIn = await openHttp2(t, port)
  assert.equal((await postHttp2(loggedIn, { headers: session })).status, 200)
  const [oldest, newer] = [await openTls(t, port), await openTls(t, port)]
  const gone = once(oldest.resume(), 'close')
  const newest = await openTls(t, port)
  await gone
  assert.deepEqual([newer.destroyed, newest.destroyed], [false, false])
  assert.equal((await postHttp2(loggedIn, { headers: session })).status, 200)
})

test('who is being answered does not give way', async (t) => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const { port } = await startServer(
    t,
    async () => {
      entered.resolve()
      await opened
      return {}
    },
    { connections: 2 },
  )
  const answer = post(port)
  await entered.promise
  const idle = await openTls(t, port)
  const gone = once(idle.resume(), 'close')
  await openTls(t, port)
  await gone
  open()
  assert.equal((await answer).status, 200)
})

test('sessions never have all the connections', async (t) => {
  const { port } = await startServer(t, undefined, { connections: 2, sessionConnections: 1 })
  const [first, second] = [await openHttp2(t, port), await openHttp2(t, port)]
  for (const peer of [first, second]) await postHttp2(peer, { headers: session })
  const gone = once(second, 'close')
  assert.equal((await post(port, { headers: session })).status, 200)
  await gone
  assert.equal((await postHttp2(first, { headers: session })).status, 200)
})

test('more ordinary TLS connections than there is room for shut nobody out', async (t) => {
  const { port } = await startServer(t, undefined, { connections: 20 })
  const loggedIn = await openHttp2(t, port)
  await postHttp2(loggedIn, { headers: session })
  for (let batch = 0; batch < 10; batch++) {
    const crowd = Array.from({ length: 30 }, () => openTls(t, port).catch(() => undefined))
    const answer = post(port)
    assert.equal((await postHttp2(loggedIn, { headers: session })).status, 200)
    assert.equal((await answer).status, 200)
    await Promise.any(crowd)
  }
})
