import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alone, type Cluster } from '../../../src/cluster/cluster.ts'
import type { ReplicaState } from '../../../src/cluster/coordination.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { callerOf } from '../../../src/contract/hsm.ts'
import {
  measuredHsm,
  measuredStore,
  observeBarrier,
  observeFollowing,
  observeHoldings,
  observeMaterial,
  timedCluster,
} from '../../../src/metrics/instruments.ts'
import { createRegistry } from '../../../src/metrics/registry.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { stubHsm } from '../../support/stub-hsm.ts'

/** A clock that goes on by a quarter of a second with each look. */
function ticking() {
  let quarters = 0
  return () => {
    quarters += 1
    return quarters / 4
  }
}

test('counters, histograms and gauges in the text format of Prometheus', async () => {
  const registry = createRegistry()
  const count = registry.counter('a_total', 'Things.')
  const time = registry.histogram('b_seconds', 'Durations.')
  registry.gauge('c', 'A size.', () => [{ labels: {}, value: 7 }])
  registry.gauge('d', 'Not known.', async () => [])
  count({ kind: 'x' })
  count({ kind: 'x' }, 2)
  count({ kind: 'a "quoted"\n\\' })
  for (const seconds of [0.001, 0.3, 60]) time(seconds)
  const lines = (await registry.render()).split('\n')
  assert.deepEqual(lines.slice(0, 6), [
    '# HELP a_total Things.',
    '# TYPE a_total counter',
    'a_total{kind="x"} 3',
    'a_total{kind="a \\"quoted\\"\\n\\\\"} 1',
    '# HELP b_seconds Durations.',
    '# TYPE b_seconds histogram',
  ])
  for (const line of [
    'b_seconds_bucket{le="0.0005"} 0',
    'b_seconds_bucket{le="0.001"} 1',
    'b_seconds_bucket{le="0.5"} 2',
    'b_seconds_bucket{le="5"} 2',
    'b_seconds_bucket{le="+Inf"} 3',
    'b_seconds_sum 60.301',
    'b_seconds_count 3',
    'c 7',
    '# TYPE d gauge',
  ]) {
    assert.ok(lines.includes(line), line)
  }
  assert.deepEqual(lines.slice(-2), ['# TYPE d gauge', ''])
})

test('requests are counted by operation and outcome, uses of keys by item', async () => {
  const registry = createRegistry()
  const signed = { 'key-reference': '0x1', signatures: [Buffer.of(1), Buffer.of(2)] }
  const stub = stubHsm({
    'crypto.sign': signed,
    'key.list': new HsmError('not-logged-in'),
    'user.list': new Error(),
  })
  const refuse = () => {
    throw new HsmError('not-permitted')
  }
  const nobody = () => ({ admit: refuse, user: () => undefined })
  const { hsm, admit } = measuredHsm({ hsm: stub, admit: nobody }, registry, ticking())
  assert.throws(() => admit('token').admit('user.create'), { code: 'not-permitted' })
  const sign = { filter: ['key-reference=0x1'], mechanism: { name: 'ecdsa', hash: 'sha256' }, data: ['', ''] }
  assert.deepEqual(await hsm.call('crypto.sign', sign as never, 'token'), signed)
  await assert.rejects(hsm.call('key.list', { filter: [] }), { code: 'not-logged-in' })
  await assert.rejects(hsm.call('user.list', {}))
  const text = await registry.render()
  for (const line of [
    'strongroom_requests_total{operation="crypto.sign",outcome="ok"} 1',
    'strongroom_requests_total{operation="key.list",outcome="not-logged-in"} 1',
    'strongroom_requests_total{operation="user.list",outcome="internal"} 1',
    'strongroom_requests_total{operation="user.create",outcome="not-permitted"} 1',
    'strongroom_key_uses_total{operation="crypto.sign"} 2',
    'strongroom_request_duration_seconds_sum{operation="crypto.sign"} 0.25',
  ]) {
    assert.ok(text.includes(`${line}\n`), line)
  }
  assert.deepEqual(stub.asked[0], { operation: 'crypto.sign', request: sign, session: 'token' })
})

test('calls that are answered at once are counted alike, and answered at once', async () => {
  const registry = createRegistry()
  const signed = { 'key-reference': '0x1', signatures: [Buffer.of(1), Buffer.of(2)] }
  const answers = (operation: string) => {
    if (operation === 'crypto.sign') return signed
    throw new HsmError('not-logged-in')
  }
  const stub = { ...stubHsm(), caller: () => answers as never }
  const { hsm } = measuredHsm({ hsm: stub, admit: () => never() }, registry, ticking())
  const caller = callerOf(hsm, 'token')
  assert.equal(caller('crypto.sign', { data: ['', ''] } as never), signed)
  assert.throws(() => caller('key.list', { filter: [] }), { code: 'not-logged-in' })
  const text = await registry.render()
  for (const line of [
    'strongroom_requests_total{operation="crypto.sign",outcome="ok"} 1',
    'strongroom_requests_total{operation="key.list",outcome="not-logged-in"} 1',
    'strongroom_key_uses_total{operation="crypto.sign"} 2',
    'strongroom_request_duration_seconds_sum{operation="crypto.sign"} 0.25',
  ]) {
    assert.ok(text.includes(`${line}\n`), line)
  }
})

function never(): never {
  throw new Error('Nobody asks')
}

test('a measured store is the store, and its commits are timed whether they succeed or not', async () => {
  const registry = createRegistry()
  const plain = memoryStore()
  const store = measuredStore(plain, registry, ticking())
  assert.equal(store.catalog, plain.catalog)
  let told = 0
  const end = store.subscribe(() => {
    told += 1
  })
  const head = { kind: 'audit-head', id: 'hsm-a', count: 0, hash: '', keyUse: undefined } as const
  const { result } = await store.transact(() => ({ writes: [{ put: head }], audit: [], result: 'done' }))
  assert.equal(result, 'done')
  assert.deepEqual(store.catalog.get('audit-head/hsm-a'), head)
  end()
  const refused = store.transact(() => {
    throw new HsmError('user-exists')
  })
  await assert.rejects(refused, { code: 'user-exists' })
  assert.equal(told, 1)
  assert.deepEqual(await store.audit('hsm-a', 0, 1), [])
  assert.match(await registry.render(), /strongroom_store_commit_seconds_count 2\n/)
  await store.close()
  await assert.rejects(
    plain.transact(() => ({ writes: [], audit: [], result: 0 })),
    { code: 'store-failure' },
  )
})

const self = () => ({ id: 'hsm-a', address: '127.0.0.1', version: '1.2.3' })

test('the wait for other HSMs is timed by how it ended', async () => {
  const registry = createRegistry()
  const observe = observeBarrier(registry)
  const wait = (inEffect: Cluster['others']['inEffect']) => {
    const cluster = { ...alone(self), others: { ...alone(self).others, inEffect } }
    return timedCluster(cluster, ticking(), observe).others.inEffect(1)
  }
  assert.equal(await wait(async () => 'acknowledged'), 'acknowledged')
  assert.equal(await wait(async () => 'elapsed'), 'elapsed')
  const refusal = new HsmError('unconfirmed')
  await assert.rejects(
    wait(() => Promise.reject(refusal)),
    refusal,
  )
  const text = await registry.render()
  for (const outcome of ['acknowledged', 'elapsed', 'unconfirmed']) {
    assert.ok(text.includes(`strongroom_barrier_wait_seconds_sum{outcome="${outcome}"} 0.25\n`), outcome)
  }
})

test('whether the HSM serves, what it holds, and how well it follows its cluster', async () => {
  const registry = createRegistry()
  const status = { users: 3, keys: 5, sessions: 2, serving: true }
  observeHoldings(stubHsm({ 'cluster.status': () => status }), registry)
  let replica: ReplicaState = { state: 'following' }
  const store = { appliedRevision: () => 4711, replicaState: () => replica }
  observeFollowing(store, alone(self), () => 2500, registry)
  const values = async () =>
    (await registry.render())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.replace('strongroom_', ''))
  const held = ['users 3', 'keys 5', 'sessions 2', 'applied_revision 4711']
  assert.deepEqual(await values(), ['serving 1', ...held, 'watch_behind_seconds 0', 'hsms 1'])
  status.serving = false
  replica = { state: 'behind', since: 1000 }
  assert.deepEqual(await values(), ['serving 0', ...held, 'watch_behind_seconds 1.5', 'hsms 1'])
  replica = { state: 'failed', error: new HsmError('store-damaged') }
  assert.deepEqual(await values(), ['serving 0', ...held, 'watch_behind_seconds +Inf', 'hsms 1'])
})

test('an HSM that cannot say what it holds still has its other metrics', async () => {
  const registry = createRegistry()
  observeHoldings(stubHsm(), registry)
  registry.gauge('other', 'Other.', () => [{ labels: {}, value: 1 }])
  const text = await registry.render()
  assert.match(text, /\nother 1\n$/)
  assert.doesNotMatch(text, /^strongroom_keys/m)
})

test('key material in memory is read when it is asked for', async () => {
  const registry = createRegistry()
  let keys = 0
  observeMaterial(() => ({ keys, bytes: 65_536 }), registry)
  keys = 7
  const text = await registry.render()
  for (const line of ['strongroom_material_keys 7', 'strongroom_material_bytes 65536'])
    assert.ok(text.includes(`${line}\n`), line)
})
