/** Which protocol a connection is given, and with which certificate. */
import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { LIMITS } from '../../../src/contract/limits.ts'
import { createAnonymousBudgets } from '../../../src/listener/anonymous-budgets.ts'
import { createListener } from '../../../src/listener/listener.ts'
import { createTls, type Protocol } from '../../../src/listener/tls.ts'
import { makePki } from '../../support/pki.ts'

const [own, foreign] = await Promise.all([makePki(), makePki()])
after(() => [own, foreign].map((pki) => pki.remove()))
const identityOf = (pki: typeof own) => ({
  key: String(pki.read('server.key')),
  cert: String(pki.read('server.crt')),
})
const ca = String(own.read('ca.crt'))

/** Says its name, and nothing more. */
const saying = (name: string): Protocol => ({
  start(socket, connection) {
    connection.established(() => socket.destroySoon())
    socket.end(name)
  },
})
const PROTOCOLS = {
  new: saying('new'),
  'http/1.1': saying('http'),
}

async function start(t: TestContext) {
  const tls = createTls({
    identity: identityOf(own),
    protocols: PROTOCOLS,
    handshakeMs: 10_000,
  })
  const listener = createListener({
    limits: LIMITS,
    budgets: createAnonymousBudgets(LIMITS, () => performance.now()),
    startCostMs: 1,
    start: tls.start,
    onAcceptError: assert.ifError,
  })
  const { port } = await listener.listen('127.0.0.1', 0)
  t.after(() => listener.close({ graceMs: 0 }))
  return { port, tls }
}

/** What the other end said; rejects when it broke off the handshake. */
async function hear(port: number, options: ConnectionOptions): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, ...options })
  return Buffer.concat(await socket.toArray()).toString()
}

suite('a connection', () => {
  test('gets the protocol that the server prefers of those that its client names', async (t) => {
    const { port } = await start(t)
    assert.equal(await hear(port, { ALPNProtocols: ['http/1.1', 'new'] }), 'new')
    assert.equal(await hear(port, { ALPNProtocols: ['other', 'http/1.1'] }), 'http')
  })

  test('gets HTTP/1.1 when its client names none, and none when there is none in common', async (t) => {
    const { port } = await start(t)
    assert.equal(await hear(port, {}), 'http')
    for (const name of ['other', '__proto__', 'toString']) {
      await assert.rejects(hear(port, { ALPNProtocols: [name] }), {
        code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      })
    }
  })

  test('made after a renewal sees the new certificate', async (t) => {
    const { port, tls } = await start(t)
    tls.setIdentity(identityOf(foreign))
    await assert.rejects(hear(port, {}), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    assert.equal(await hear(port, { ca: String(foreign.read('ca.crt')) }), 'http')
  })
})
