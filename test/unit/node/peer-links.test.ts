/** Connections between nodes, over real TLS on a real listener: who is let in, who is cut off, and what comes after a loss. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { createAuthority, issueServerCertificate } from '../../../src/certificates/certificates.ts'
import type { PeerLink, PeerLinksHooks } from '../../../src/cluster/peer-links.ts'
import { FRAME_BYTES } from '../../../src/cluster/peer-messages.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { HSM_NAME } from '../../../src/contract/wire.ts'
import { createAnonymousBudgets } from '../../../src/listener/anonymous-budgets.ts'
import { createListener } from '../../../src/listener/listener.ts'
import { createTls, type Protocols } from '../../../src/listener/tls.ts'
import { createPeerLinks } from '../../../src/node/peer-links.ts'
import { until } from '../../support/until.ts'

const authority = await createAuthority('cluster-links', Date.now())
const identity = await issueServerCertificate(authority, [HSM_NAME], Date.now())
const foreign = await createAuthority('cluster-foreign', Date.now())
const GOOD = Buffer.alloc(FRAME_BYTES, 1)
const BAD = Buffer.alloc(FRAME_BYTES, 2)
const ALPN = 'strongroom-node/1'

/** A node as far as its connections go: a frame of ones is one of the cluster's. */
function aNode(t: TestContext, ca = authority.cert) {
  const problems: unknown[] = []
  const links = createPeerLinks({
    ca: () => ca,
    clock: () => performance.now(),
    log: (level, { problem }) => void (level === 'warn' && problems.push(problem)),
  })
  const made: PeerLink[] = []
  const arrived: { readonly frame: Buffer; readonly binding: string }[] = []
  const hooks: PeerLinksHooks = {
    onLink: (link) => void made.push(link),
    onFrame(frame, binding) {
      arrived.push({ frame: Buffer.from(frame), binding })
      return GOOD.equals(frame)
    },
  }
  t.after(() => links.close())
  return { links, made, arrived, problems, hooks }
}

async function listen(t: TestContext, protocols: Protocols, own = identity, at = 0) {
  const tls = createTls({ identity: own, protocols, handshakeMs: 10_000 })
  const listener = createListener({
    limits: LIMITS,
    budgets: createAnonymousBudgets({ ...LIMITS, anonymousMsPerSecond: 1e6 }, () => performance.now()),
    startCostMs: 0,
    start: tls.start,
    onAcceptError: assert.ifError,
  })
  const { port } = await listener.listen('127.0.0.1', at)
  const close = () => listener.close({ graceMs: 0 })
  t.after(close)
  return { port, address: `127.0.0.1:${port}`, close }
}

async function twoNodes(t: TestContext) {
  const [from, to] = [aNode(t), aNode(t)]
  to.links.open(to.hooks)
  const { address, port, close } = await listen(t, to.links.protocols)
  from.links.open(from.hooks)
  from.links.keep([address])
  await until('the link', () => from.made.length === 1)
  const link = from.made[0] ?? assert.fail()
  return { from, to, address, port, close, link }
}

const stranger = async (port: number): Promise<TLSSocket> => {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: authority.cert,
    ALPNProtocols: [ALPN],
    checkServerIdentity: () => undefined,
  })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

/** Whatever error comes before it. */
const closed = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()))

suite('a connection of one node to another', () => {
  test('carries frames, and both ends know the same binding', async (t) => {
    const { to, link } = await twoNodes(t)
    link.write(GOOD)
    link.write(GOOD)
    await until('two frames', () => to.arrived.length === 2)
    assert.deepEqual(to.arrived, [
      { frame: GOOD, binding: link.binding },
      { frame: GOOD, binding: link.binding },
    ])
  })

  test('has a binding of its own', async (t) => {
    const { from, link, address } = await twoNodes(t)
    from.links.renew(address)
    await until('another link', () => from.made.length === 2)
    assert.notEqual(from.made[1]?.binding, link.binding)
    assert.match(link.binding, /^[0-9a-f]{64}$/)
  })

  test('is made again when it is lost, until the other node is gone from the list', async (t) => {
    const { from, to, address, port, close } = await twoNodes(t)
    await close()
    await until('no link', () => from.links.links().size === 0)
    const again = await listen(t, to.links.protocols, identity, port)
    await until('the link again', () => from.links.links().has(address))
    from.links.keep([])
    await until('no link', () => from.links.links().size === 0)
    await again.close()
  })

  test('is not made to whoever has no certificate of the cluster', async (t) => {
    const own = await issueServerCertificate(foreign, [HSM_NAME], Date.now())
    const { address } = await listen(t, { [ALPN]: { start: (socket) => void socket.destroy() } }, own)
    const node = aNode(t)
    node.links.open(node.hooks)
    node.links.keep([address])
    await until('a failure', () => node.problems.length > 0)
    assert.equal(node.made.length, 0)
  })

  test('is not made to a node of an earlier version, which does not speak the protocol', async (t) => {
    const { address } = await listen(t, { h2: { start: (socket) => void socket.destroy() } })
    const node = aNode(t)
    node.links.open(node.hooks)
    node.links.keep([address])
    await until('a failure', () => node.problems.length > 0)
    assert.equal(node.made.length, 0)
  })
})

suite('whoever connects to a node', () => {
  test('is heard in whole frames, however they arrive', async (t) => {
    const { to, port } = await twoNodes(t)
    const socket = await stranger(port)
    const bytes = Buffer.concat([GOOD, GOOD, GOOD])
    for (const byte of bytes.subarray(0, 70)) socket.write(Buffer.of(byte))
    socket.write(bytes.subarray(70))
    await until('three frames', () => to.arrived.length === 3)
    assert.ok(to.arrived.every(({ frame }) => GOOD.equals(frame)))
    socket.destroy()
  })

  test('is cut off at the first frame that is not of the cluster, and the log says who it was', async (t) => {
    const { to, port } = await twoNodes(t)
    const socket = await stranger(port)
    socket.write(Buffer.concat([BAD, GOOD, GOOD]))
    socket.write(GOOD)
    await closed(socket)
    assert.equal(to.arrived.length, 1)
    assert.deepEqual(to.problems, ['127.0.0.1 said something else'])
  })

  test('is cut off, too, when it begins with frames that are good and goes on with one that is not', async (t) => {
    const { to, port } = await twoNodes(t)
    const socket = await stranger(port)
    socket.write(Buffer.concat([GOOD, BAD, GOOD]))
    await closed(socket)
    assert.equal(to.arrived.length, 2)
    assert.deepEqual(to.problems, ['127.0.0.1 said something else'])
  })

  test('is cut off at the first frame of a large piece that is none', async (t) => {
    const { to, port } = await twoNodes(t)
    const socket = await stranger(port)
    socket.write(Buffer.alloc(8 * 1024 * 1024, 2))
    await closed(socket)
    assert.equal(to.arrived.length, 1)
  })

  test('and leaves without a whole frame is told in the log, once for many', async (t) => {
    const { to, port } = await twoNodes(t)
    for (let each = 0; each < 5; each++) {
      const socket = await stranger(port)
      socket.end(GOOD.subarray(1))
      await closed(socket)
    }
    await until('a line', () => to.problems.length > 0)
    assert.deepEqual(to.problems, ['127.0.0.1 said nothing whole'])
  })

  test('may be a node that has more than one connection, and leaves no trace in the log', async (t) => {
    const { to, port, link } = await twoNodes(t)
    const second = await stranger(port)
    second.write(GOOD)
    link.write(GOOD)
    await until('both', () => to.arrived.length === 2)
    assert.equal(new Set(to.arrived.map(({ binding }) => binding)).size, 2)
    second.end()
    await closed(second)
    link.write(GOOD)
    await until('the first', () => to.arrived.length === 3)
    assert.deepEqual(to.problems, [])
  })

  test('is cut off before this node has joined its cluster, and after it has left', async (t) => {
    const node = aNode(t)
    const { port } = await listen(t, node.links.protocols)
    const isCutOff = async () => {
      const socket = await stranger(port)
      socket.write(GOOD)
      await closed(socket)
    }
    await isCutOff()
    node.links.open(node.hooks)
    node.links.close()
    await isCutOff()
    assert.deepEqual([node.arrived, node.problems], [[], []])
  })
})
