import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { OperationName } from '../../../src/contract/operations.ts'
import { gate, STATUS, startServer } from '../server/fixture.ts'
import { answerJson, connectTo, startRawServer, unavailable } from './fixture.ts'

test('a call arrives with its operation, request and session, and its reply comes back', async (t) => {
  const asked: unknown[] = []
  const { port } = await startServer(t, (operation, request, session) => {
    asked.push([operation, request, session])
    return { ...STATUS, 'since-a-later-version': 1 }
  })
  const hsm = connectTo(t, port)
  assert.deepEqual(await hsm.call('cluster.status', {}, 'abc'), STATUS)
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
  assert.deepEqual(asked, [
    ['cluster.status', {}, 'abc'],
    ['cluster.status', {}, undefined],
  ])
})

test('a refusal is the same error as on the other side', async (t) => {
  const refusal = new HsmError('key-selection', 'Key selection criteria matched 2 keys')
  const { port } = await startServer(t, () => {
    throw refusal
  })
  await assert.rejects(connectTo(t, port).call('cluster.status', {}), {
    name: 'HsmError',
    code: refusal.code,
    message: refusal.message,
  })
})

test('64 calls are under way at once on one connection', async (t) => {
  const all = gate()
  let waiting = 0
  const { port } = await startServer(
    t,
    async () => {
      waiting += 1
      if (waiting === 64) all.open()
      await all.opened
      return STATUS
    },
    { connections: 1 },
  )
  const hsm = connectTo(t, port)
  const replies = await Promise.all(Array.from({ length: 64 }, () => hsm.call('cluster.status', {})))
  assert.deepEqual(replies, Array(64).fill(STATUS))
})

test('more calls than fit on one connection wait for their turn', async (t) => {
  const { port } = await startServer(t, undefined, { connections: 1 })
  const hsm = connectTo(t, port)
  const count = 3 * LIMITS.requestsPerConnection
  const replies = await Promise.all(Array.from({ length: count }, () => hsm.call('cluster.status', {})))
  assert.deepEqual(replies, Array(count).fill(STATUS))
})

test('what cannot be a request is refused before anything is sent', async (t) => {
  const { port } = await startServer(t, () => assert.fail('the HSM must not be asked'))
  const hsm = connectTo(t, port)
  await assert.rejects(hsm.call('no.such' as OperationName, {}), { code: 'unknown-operation' })
  await assert.rejects(hsm.call('cluster.status', {}, 'a\r\nb'), { code: 'not-logged-in' })
  const large = { username: 'x'.repeat(2 ** 20), role: 'admin', password: 'x' } as const
  await assert.rejects(hsm.call('session.login', large), {
    code: 'too-large',
    message: 'The request is larger than 1048576 bytes',
  })
})

const garbage: readonly (readonly [string, unknown, number])[] = [
  ['text', 'hello', 200],
  ['nothing', '', 200],
  ['a reply of another operation', { users: [] }, 200],
  ['a web page', '<html>', 502],
  ['an error code that does not exist', { code: 'toString', message: 'x' }, 400],
  ['an error without text', { code: 'busy' }, 503],
  ['an endless error', { code: 'busy', message: 'x'.repeat(10_000) }, 503],
  ['success under another status', STATUS, 201],
]
for (const [what, body, status] of garbage) {
  test(`a server that sends ${what} is not understood`, async (t) => {
    const { port } = await startRawServer(t, (stream) => answerJson(stream, body, status))
    await assert.rejects(
      connectTo(t, port).call('cluster.status', {}),
      unavailable(`The server at 127.0.0.1:${port} does not answer as an HSM does`),
    )
  })
}

test('a call that takes too long is given up; others are not, nor is one whose client did not run meanwhile', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { port } = await startRawServer(t, (stream, nth) => {
    // As if nothing in this process had run for so long.
    if (nth === 2) t.mock.timers.tick(2000)
    if (nth > 1) answerJson(stream, STATUS)
  })
  const hsm = connectTo(t, port, { timeoutMs: 100 })
  const slow = hsm.call('cluster.status', {})
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
  const givenUp = assert.rejects(
    slow,
    unavailable(/^The HSM at .* did not answer within 0.1 s; the operation may have been/),
  )
  for (let passed = 0; passed < 100; passed += 10) t.mock.timers.tick(10)
  await givenUp
  assert.deepEqual(await hsm.call('cluster.status', {}), STATUS)
})
