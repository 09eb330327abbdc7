/** A client of a cluster of several HSMs, some of which are gone, silent, or cut off from the others. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { type TestContext, type TestOptions, test as testOnce } from 'node:test'
import { PROTOCOLS } from '../../../src/client/protocols.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { freePort } from '../../support/free-port.ts'
import { gate, STATUS, startServer } from '../server/fixture.ts'
import { connectTo as connectToAny, listen, startRelay, unavailable } from './fixture.ts'

type Connect = typeof connectToAny

/** Whatever the client speaks. */
function test(
  name: string,
  options: TestOptions,
  body: (t: TestContext, connectTo: Connect) => Promise<void>,
) {
  for (const protocol of PROTOCOLS) {
    const connectTo: Connect = (t, port, more) => connectToAny(t, port, { protocols: [protocol], ...more })
    testOnce(`${name}: ${protocol}`, options, (t) => body(t, connectTo))
  }
}

const LOGIN = { username: 'alice', role: 'crypto-user', password: 'password' } as const
const opened = (token: string) => ({ token, username: 'alice', role: 'crypto-user' })

/** An HSM that counts what it is asked, and refuses it while it is cut off. */
async function startNode(t: TestContext, name: string, cutOff = false) {
  const node = { asked: 0, cutOff }
  const { port, server } = await startServer(t, (operation) => {
    node.asked += 1
    if (node.cutOff) throw new HsmError('not-serving')
    return operation === 'session.login' ? opened(name) : { ...STATUS, 'cluster-id': name }
  })
  return { node, port, server }
}

test('a server that says nothing holds nobody up', { timeout: 30_000 }, async (t, connectTo) => {
  const silent = await listen(t, createServer())
  const { port } = await startNode(t, 'b')
  const hsm = connectTo(t, [silent, port], { connectTimeoutMs: 60_000 })
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
})

test('the server that answered last is asked first', {}, async (t, connectTo) => {
  const port = await freePort()
  const b = await startNode(t, 'b')
  const relay = await startRelay(t, b.port)
  const dropped = gate()
  const hsm = connectTo(t, [port, relay.port], { onDisconnected: dropped.open })
  await hsm.call('cluster.status', {})
  await startServer(t, () => assert.fail('it must not be asked'), {}, port)
  relay.drop()
  await dropped.opened
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
})

test('when a server has died the next call goes to another', {}, async (t, connectTo) => {
  const a = await startNode(t, 'a')
  const b = await startNode(t, 'b')
  const dropped = gate()
  const hsm = connectTo(t, [a.port, b.port], { onDisconnected: dropped.open })
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'a')
  await a.server.close({ graceMs: 0 })
  await dropped.opened
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
})

test(
  'a call to a server that falls silent fails, is not sent again, and the next goes elsewhere',
  {
    timeout: 30_000,
  },
  async (t, connectTo) => {
    const asked = gate()
    const never = gate()
    const a = await startServer(t, () => {
      asked.open()
      return never.opened
    })
    const relay = await startRelay(t, a.port)
    const b = await startNode(t, 'b')
    const hsm = connectTo(t, [relay.port, b.port])
    const lost = assert.rejects(
      hsm.call('cluster.status', {}),
      unavailable(/was lost; the operation may have been carried out or not$/),
    )
    await asked.opened
    relay.freeze()
    await lost
    assert.equal(b.node.asked, 0)
    assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
  },
)

test(
  'a server that falls silent while no other answers is waited for',
  { timeout: 30_000 },
  async (t, connectTo) => {
    const asked = gate()
    const answered = gate()
    const a = await startServer(t, async () => {
      asked.open()
      await answered.opened
      return { ...STATUS, 'cluster-id': 'a' }
    })
    const relay = await startRelay(t, a.port)
    const compared = gate()
    let comparisons = 0
    const other = await listen(
      t,
      createServer((socket) => {
        socket.destroy()
        comparisons += 1
        // Then the first of them has come to its end, and nothing followed from it.
        if (comparisons === 2) compared.open()
      }),
    )
    const hsm = connectTo(t, [relay.port, other])
    const slow = hsm.call('cluster.status', {})
    await asked.opened
    relay.freeze()
    comparisons = 0
    await compared.opened
    answered.open()
    relay.thaw()
    assert.equal((await slow)['cluster-id'], 'a')
  },
)

test('a server that is slow but alive is waited for', {}, async (t, connectTo) => {
  const answered = gate()
  const a = await startServer(t, () => answered.opened.then(() => ({ ...STATUS, 'cluster-id': 'a' })))
  const b = await startNode(t, 'b')
  const hsm = connectTo(t, [a.port, b.port])
  const slow = hsm.call('cluster.status', {})
  // Longer than the silence that would count as death.
  setTimeout(answered.open, 1500)
  assert.equal((await slow)['cluster-id'], 'a')
  assert.equal(b.node.asked, 0)
})

test(
  'what a server that is cut off refuses is asked of the next, and of that one from then on',
  {},
  async (t, connectTo) => {
    const a = await startNode(t, 'a', true)
    const b = await startNode(t, 'b')
    const hsm = connectTo(t, [a.port, b.port])
    const { token } = await hsm.call('session.login', LOGIN)
    assert.equal(token, 'b')
    assert.equal((await hsm.call('cluster.status', {}, token))['cluster-id'], 'b')
    assert.deepEqual([a.node.asked, b.node.asked], [1, 2])
  },
)

test('when all are cut off each is asked once, and the refusal is the answer', {}, async (t, connectTo) => {
  const nodes = [await startNode(t, 'a', true), await startNode(t, 'b', true), await startNode(t, 'c', true)]
  const hsm = connectTo(
    t,
    nodes.map(({ port }) => port),
  )
  await assert.rejects(hsm.call('cluster.status', {}), { code: 'not-serving' })
  assert.deepEqual(
    nodes.map(({ node }) => node.asked),
    [1, 1, 1],
  )
})

test('a session stays with its server, whatever the others are asked meanwhile', {}, async (t, connectTo) => {
  const a = await startNode(t, 'a')
  const b = await startNode(t, 'b')
  const hsm = connectTo(t, [a.port, b.port], { bound: true })
  const { token } = await hsm.call('session.login', LOGIN)
  a.node.cutOff = true
  await assert.rejects(hsm.call('cluster.status', {}, token), { code: 'not-serving' })
  assert.equal(b.node.asked, 0)
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
  a.node.cutOff = false
  assert.equal((await hsm.call('cluster.status', {}, token))['cluster-id'], 'a')
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
})

test('closing closes all connections', {}, async (t, connectTo) => {
  const a = await startNode(t, 'a')
  const b = await startNode(t, 'b')
  const hsm = connectTo(t, [a.port, b.port], { bound: true })
  await hsm.call('session.login', LOGIN)
  a.node.cutOff = true
  await hsm.call('cluster.status', {})
  hsm.close()
  await Promise.all([a, b].map(({ server }) => server.close({ graceMs: 60_000 })))
})

test('a server that shuts down refuses nothing that another can do', {}, async (t, connectTo) => {
  const first = await startServer(t)
  const b = await startNode(t, 'b')
  const dropped = gate()
  const hsm = connectTo(t, [first.port, b.port], { onDisconnected: dropped.open })
  await hsm.call('cluster.status', {})
  const closing = first.server.close({ graceMs: 60_000 })
  assert.equal((await hsm.call('cluster.status', {}))['cluster-id'], 'b')
  await Promise.all([closing, dropped.opened])
})
