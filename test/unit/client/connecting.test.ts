import assert from 'node:assert/strict'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createAuthority, issueServerCertificate } from '../../../src/certificates/certificates.ts'
import { HSM_NAME } from '../../../src/contract/wire.ts'
import { freePort } from '../../support/free-port.ts'
import { authority, identity, STATUS, startServer } from '../server/fixture.ts'
import { answerJson, connectTo, listen, startRawServer, unavailable } from './fixture.ts'

const DAY_MS = 86_400_000
const cannot = (port: number, why: string) =>
  unavailable(`Cannot connect to the HSM at 127.0.0.1:${port}: ${why}`)
const START = 'Is it running? Start it with: strongroom start'
const NETWORK =
  'It is very busy or hangs, or the address in the client configuration or a firewall on the way is wrong'
const TRUST = 'Check the CA certificate in the client configuration'

test('nothing listens there', async (t) => {
  const port = await freePort()
  await assert.rejects(
    connectTo(t, port).call('cluster.status', {}),
    cannot(port, `connection refused. ${START}`),
  )
})

test('something listens there but says nothing', async (t) => {
  const port = await listen(t, createServer())
  await assert.rejects(
    connectTo(t, port, { connectTimeoutMs: 50 }).call('cluster.status', {}),
    cannot(port, `no answer in time. ${NETWORK}`),
  )
})

test('time in which the client itself does not run is not time in which the HSM was silent', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { port } = await startServer(t)
  const call = connectTo(t, port, { connectTimeoutMs: 500 }).call('cluster.status', {})
  setImmediate(() => t.mock.timers.tick(2000))
  assert.deepEqual(await call, STATUS)
})

test('the HSM has too many connections', async (t) => {
  const { port } = await startServer(t, undefined, { connections: 0 })
  await assert.rejects(
    connectTo(t, port).call('cluster.status', {}),
    cannot(port, 'it closed the connection. It may have too many of them; try again'),
  )
})

test('what listens there does not speak TLS', async (t) => {
  const port = await listen(
    t,
    createServer((socket) => socket.end('220 mail.example ESMTP\r\n')),
  )
  await assert.rejects(
    connectTo(t, port).call('cluster.status', {}),
    cannot(port, 'what listens there is not an HSM. Check the address in the client configuration'),
  )
})

test('what listens there speaks HTTP/1.1 only', async (t) => {
  const port = await listen(t, createHttpsServer(identity))
  await assert.rejects(connectTo(t, port).call('cluster.status', {}), {
    code: 'unavailable',
    message: /what listens there is not an HSM/,
  })
})

test('the host name is not known', async (t) => {
  const hsm = connectTo(t, 1, {
    servers: [{ host: 'nowhere.invalid', port: 2223 }],
    connectTimeoutMs: 10_000,
  })
  await assert.rejects(
    hsm.call('cluster.status', {}),
    unavailable(
      'Cannot connect to the HSM at nowhere.invalid:2223: the host name is not known. Check the address in the client configuration',
    ),
  )
})

test('an HSM of another cluster is not trusted', async (t) => {
  const other = await createAuthority('cluster-other', Date.now())
  const { port } = await startServer(t, () => assert.fail('the HSM must not be asked'))
  await assert.rejects(
    connectTo(t, port, { trust: { ca: other.cert } }).call('cluster.status', {}),
    cannot(port, `its certificate was not issued by the cluster's CA. ${TRUST}`),
  )
})

test('a certificate of the same CA that does not name an HSM is not trusted', async (t) => {
  const other = await issueServerCertificate(authority, ['www.strongroom', '127.0.0.1'], Date.now())
  const { port, requests } = await startRawServer(t, (stream) => answerJson(stream, STATUS), other)
  await assert.rejects(
    connectTo(t, port).call('cluster.status', {}),
    cannot(port, `its certificate is not that of an HSM. ${TRUST}`),
  )
  assert.equal(requests.seen, 0)
})

test('a certificate that is out of date is not trusted', async (t) => {
  const old = await issueServerCertificate(authority, [HSM_NAME], Date.now() - 1000 * DAY_MS)
  const { port } = await startRawServer(t, (stream) => answerJson(stream, STATUS), old)
  await assert.rejects(
    connectTo(t, port).call('cluster.status', {}),
    cannot(
      port,
      'its certificate is out of date by the clock of this machine. Check that clock; if it is right, restart the HSM to renew the certificate',
    ),
  )
})

test('nor is one that is not valid yet, as when the clock of this machine is behind', async (t) => {
  const future = await issueServerCertificate(authority, [HSM_NAME], Date.now() + 400 * DAY_MS)
  const { port } = await startRawServer(t, (stream) => answerJson(stream, STATUS), future)
  await assert.rejects(
    connectTo(t, port).call('cluster.status', {}),
    cannot(
      port,
      'its certificate is not valid yet by the clock of this machine. Check that clock and that of the HSM; restart the HSM when its clock was set',
    ),
  )
})

test('the certificate need not name the address', async (t) => {
  const elsewhere = await issueServerCertificate(authority, [HSM_NAME, '10.1.2.3'], Date.now())
  const { port } = await startRawServer(t, (stream) => answerJson(stream, STATUS), elsewhere)
  assert.deepEqual(await connectTo(t, port).call('cluster.status', {}), STATUS)
})

test('the next server is tried when one cannot be used', async (t) => {
  const dead = await freePort()
  const { port } = await startServer(t)
  assert.deepEqual(await connectTo(t, [dead, port]).call('cluster.status', {}), STATUS)
})

test('all servers that failed are named', async (t) => {
  const ports = [await freePort(), await listen(t, createServer())] as const
  await assert.rejects(
    connectTo(t, ports, { connectTimeoutMs: 50 }).call('cluster.status', {}),
    cannot(ports[0], `connection refused, nor at 127.0.0.1:${ports[1]}: no answer in time. ${START}`),
  )
})

test('a client that could not connect connects later', async (t) => {
  const port = await freePort()
  const hsm = connectTo(t, port)
  await assert.rejects(hsm.call('cluster.status', {}))
  await startServer(t, undefined, {}, port)
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
})

test('a client shows its own certificate to a server that asks for one', async (t) => {
  const server = createHttpsServer({
    ...identity,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  })
  const shown = new Promise((resolve) => {
    server.on('secureConnection', (socket) => resolve(socket.getPeerCertificate().subject.CN))
  })
  const port = await listen(t, server)
  const client = connectTo(t, port, { trust: { ca: authority.cert, cert: identity.cert, key: identity.key } })
  client.call('cluster.status', {}).catch(() => undefined)
  assert.equal(await shown, 'hsm.strongroom')
})
