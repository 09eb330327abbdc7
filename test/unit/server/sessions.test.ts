import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { heldWork, openHttp2, openTls, postHttp2, STATUS, startServer } from './fixture.ts'

const bind = { 'strongroom-session': 'connection' }
const login = { path: '/v1/session.login' }
const LOGIN = { token: 'opened', username: 'alice', role: 'admin' }

/** Resolves when the server has noticed that everyone left: it closes only then. */
async function leave(
  peer: Awaited<ReturnType<typeof openHttp2>>,
  server: { close(o: { graceMs: number }): Promise<void> },
) {
  peer.destroy()
  await once(peer, 'close')
  await server.close({ graceMs: 60_000 })
}

test('sessions used and opened over a connection end with it when it asked for that', async (t) => {
  const { server, port, ended } = await startServer(t, (operation) =>
    operation === 'session.login' ? LOGIN : STATUS,
  )
  const peer = await openHttp2(t, port)
  await postHttp2(peer, { headers: { ...bind, authorization: 'Bearer used' } })
  await postHttp2(peer, { ...login, headers: bind })
  await postHttp2(peer, { headers: { ...bind, authorization: 'Bearer opened' } })
  assert.deepEqual(ended, [])
  await leave(peer, server)
  assert.deepEqual(ended, ['used', 'opened'])
})

test('over HTTP/1.1, too', async (t) => {
  const { server, port, ended } = await startServer(t)
  const socket = await openTls(t, port)
  socket.write(
    'POST /v1/cluster.status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\nauthorization: Bearer used\r\nstrongroom-session: connection\r\n\r\n{}',
  )
  await once(socket, 'data')
  socket.destroy()
  await server.close({ graceMs: 60_000 })
  assert.deepEqual(ended, ['used'])
})

test('sessions outlive a connection that did not ask for it', async (t) => {
  const { server, port, ended } = await startServer(t, (operation) =>
    operation === 'session.login' ? LOGIN : STATUS,
  )
  const peer = await openHttp2(t, port)
  await postHttp2(peer, { headers: { authorization: 'Bearer used' } })
  await postHttp2(peer, login)
  await leave(peer, server)
  assert.deepEqual(ended, [])
})

test('a session that the HSM did not accept is not bound', async (t) => {
  const { server, port, ended } = await startServer(t, () => {
    throw new HsmError('not-logged-in')
  })
  const peer = await openHttp2(t, port)
  await postHttp2(peer, { headers: { ...bind, authorization: 'Bearer wrong' } })
  await leave(peer, server)
  assert.deepEqual(ended, [])
})

test('a login that succeeds after its connection is gone ends at once', async (t) => {
  const work = heldWork(LOGIN)
  const { server, port, ended } = await startServer(t, work.answer)
  const peer = await openHttp2(t, port)
  const answer = postHttp2(peer, { ...login, headers: bind })
  await work.begun
  peer.destroy()
  await assert.rejects(answer)
  work.goOn()
  await server.close({ graceMs: 60_000 })
  assert.deepEqual(ended, ['opened'])
})

test('binding one session too many to a connection ends its oldest', async (t) => {
  const { port, ended } = await startServer(t, undefined, { sessionsPerUser: 2 })
  const peer = await openHttp2(t, port)
  for (const token of ['one', 'two', 'one', 'three']) {
    await postHttp2(peer, { headers: { ...bind, authorization: `Bearer ${token}` } })
  }
  assert.deepEqual(ended, ['one'])
})

test('the HSM is told which address asks, whatever the request says of it', async (t) => {
  const sources: unknown[] = []
  const { port } = await startServer(t, (_operation, _request, _session, source) => {
    sources.push(source)
    return STATUS
  })
  const peer = await openHttp2(t, port)
  const headers = { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.1' }
  await postHttp2(peer, { headers, body: JSON.stringify({ source: { kind: 'local' } }) })
  assert.deepEqual(sources, [{ kind: 'https', address: '127.0.0.1' }])
})
