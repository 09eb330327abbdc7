/** Whatever arrives at the HTTPS API is answered with a refusal in JSON, and the server goes on. */
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { test } from 'node:test'
import fc from 'fast-check'
import { isOperation } from '../../src/contract/check.ts'
import { ERRORS } from '../../src/contract/errors.ts'
import { authority, openTls, post, readAll, startServer } from '../unit/server/fixture.ts'

const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.json().chain((text) => fc.nat(text.length).map((end) => Buffer.from(text.slice(0, end)))),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(`{"a":"${text}`)),
)
const anyPath = fc.oneof(
  fc.constantFrom('/v1/cluster.status', '/v1/session.login', '/v1/key.list'),
  fc.webPath().map((path) => path || '/'),
)
const anyHeaders = fc.dictionary(
  fc.constantFrom('content-type', 'authorization', 'strongroom-session', 'accept', 'x-other'),
  fc.oneof(
    fc.constantFrom('application/json', 'Bearer abc', 'connection'),
    fc.stringMatching(/^[ -~]{0,50}$/),
  ),
)

test('any body, path and header', async (t) => {
  const { port } = await startServer(t, (operation, request) => {
    assert.ok(isOperation(operation))
    assert.ok(typeof request === 'object' && request !== null && !Array.isArray(request))
    return {}
  })
  const agent = new Agent({ keepAlive: true, ca: authority.cert })
  t.after(() => agent.destroy())
  await fc.assert(
    fc.asyncProperty(anyBody, anyPath, anyHeaders, async (body, path, headers) => {
      const got = await post(port, { body, path, headers }, { agent })
      if (got.status === 200) return assert.deepEqual(got.body, {})
      assert.ok(got.status >= 400 && got.status < 500)
      assert.deepEqual(Object.keys(got.body), ['code', 'message'])
      assert.ok(Object.hasOwn(ERRORS, String(got.body['code'])))
    }),
    { numRuns: 500 },
  )
})

test('any bytes instead of HTTP', async (t) => {
  const { port } = await startServer(t, undefined, { anonymousConnectionMs: 50, requestBodyMs: 50 })
  const nearly = fc.constantFrom(
    'POST /v1/cluster.status HTTP/1.1\r\nhost: x\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'POST ',
  )
  const noise = fc.tuple(fc.option(nearly, { nil: '' }), fc.uint8Array({ maxLength: 200 }))
  const protocols = fc.constantFrom(['h2'], ['http/1.1'], undefined)
  await fc.assert(
    fc.asyncProperty(noise, protocols, async ([start, bytes], ALPNProtocols) => {
      const socket = await openTls(t, port, { ALPNProtocols })
      socket.end(Buffer.concat([Buffer.from(start), bytes]))
      await readAll(socket)
    }),
    { numRuns: 100 },
  )
  assert.equal((await post(port)).status, 200)
})
