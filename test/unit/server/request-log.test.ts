import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { openHttp2, postHttp2, startServer } from './fixture.ts'

const LIMITS = { refusalsLogged: 3, anonymousBurstMs: 1e9 }

test('a refusal of many is a line, then a number, and the first and the last of each kind are there', async (t) => {
  const { server, port, log } = await startServer(
    t,
    (operation) => {
      throw new HsmError(operation === 'user.list' ? 'store-failure' : 'invalid-request')
    },
    LIMITS,
  )
  const peer = await openHttp2(t, port)
  for (let time = 0; time < 50; time++) await postHttp2(peer)
  await postHttp2(peer, { path: '/v1/user.list' })
  for (let time = 0; time < 50; time++) await postHttp2(peer)
  await postHttp2(peer, { path: '/v1/cluster.hsm-info' })
  const lines = () =>
    log.filter(({ message }) => message === 'request').map(({ fields }) => ({ ms: 0, ...fields }))
  assert.equal(lines().length, 4)
  await server.close({ graceMs: 0 })
  const last = lines().at(-1)
  assert.deepEqual(
    { ...last, ms: 0 },
    {
      operation: 'cluster.hsm-info',
      outcome: 'invalid-request',
      ms: 0,
      remote: '127.0.0.1',
      leftOut: 97,
    },
  )
  assert.equal(lines().length, 5)
})

test('what somebody without a login is refused leaves room for the refusals of users', async (t) => {
  const { port, log } = await startServer(
    t,
    () => {
      throw new HsmError('not-permitted')
    },
    LIMITS,
  )
  const peer = await openHttp2(t, port)
  for (let time = 0; time < 10; time++) await postHttp2(peer)
  const before = log.length
  await postHttp2(peer, { headers: { authorization: 'Bearer alice' } })
  assert.equal(log.length, before + 1)
})
