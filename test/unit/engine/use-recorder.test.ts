/** What the key-use journal has of requests that use a key. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { alone } from '../../../src/cluster/cluster.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Request } from '../../../src/contract/operations.ts'
import type { EngineNeeds } from '../../../src/engine/needs.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import {
  base64,
  byLabel,
  createWorld,
  ECDSA,
  makeAes,
  makePair,
  reference,
  sign,
} from '../../support/world.ts'
import { all, journalIn } from '../journal/fixture.ts'

async function start(
  t: TestContext,
  policy: Request<'audit.set-policy'>,
  changes: Partial<EngineNeeds> = {},
) {
  const files = journalIn(t)
  const store = memoryStore()
  const journal = await files.open()
  const engine = await testEngine({ store, keyUseJournal: journal, ...changes })
  const world = await createWorld(engine)
  const { priv, pub } = await makePair(world, 'alice', { label: 'pay' })
  await world.as('admin', 'audit.set-policy', policy)
  files.state.policy = store.catalog.cluster()?.auditPolicy ?? assert.fail()
  t.after(() => engine.close())
  const entries = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return (await all(journal)).map(({ actor, operation, outcome, subjects, mechanism, count }) => [
      ...[actor, operation, outcome, mechanism, count],
      ...subjects,
    ])
  }
  return { ...files, world, journal, priv, pub, entries }
}

test('has who used which key with which mechanism, with what outcome; many items are one entry', async (t) => {
  const { world, priv, pub, entries } = await start(t, { 'key-use': 'all' })
  const data = [base64('a'), base64('b'), base64('c')]
  const { signatures } = await world.as('alice', 'crypto.sign', {
    filter: reference(priv),
    mechanism: ECDSA,
    data,
  })
  await sign(world, 'alice', priv, 'x')
  await assert.rejects(sign(world, 'bob', priv, 'x'))
  await assert.rejects(world.as('alice', 'crypto.sign', { filter: byLabel('none'), mechanism: ECDSA, data }))
  await world.as('alice', 'crypto.verify', { filter: reference(pub), mechanism: ECDSA, data, signatures })
  assert.deepEqual(await entries(), [
    ['alice', 'crypto.sign', 'ok', 'ecdsa', 3, `key/${priv}`],
    ['alice', 'crypto.sign', 'ok', 'ecdsa', undefined, `key/${priv}`],
    ['bob', 'crypto.sign', 'key-selection', 'ecdsa', undefined, `key/${priv}`],
    ['alice', 'crypto.sign', 'key-selection', 'ecdsa', 3],
    ['alice', 'crypto.verify', 'ok', 'ecdsa', 3, `key/${pub}`],
  ])
})

test('wrapping is in both journals, with both keys, whether it succeeds or is refused', async (t) => {
  const { world, entries } = await start(t, { 'key-use': 'all' })
  const wrapping = await makeAes(world, 'alice', 'wrapping')
  const payload = await makeAes(world, 'alice', 'payload')
  const wrap = () =>
    world.as('alice', 'key.wrap', {
      'payload-filter': reference(payload),
      'wrapping-filter': reference(wrapping),
      mechanism: { name: 'aes-zero-pad' },
    })
  const mayWrap = (may: boolean) =>
    world.as('alice', 'key.set-attribute', { filter: reference(wrapping), attributes: { wrap: may } })
  await mayWrap(true)
  await wrap()
  await mayWrap(false)
  await assert.rejects(wrap(), { code: 'key-function' })
  const keys = [`key/${wrapping}`, `key/${payload}`]
  assert.deepEqual(await entries(), [
    ['alice', 'key.wrap', 'ok', 'aes-zero-pad', undefined, ...keys],
    ['alice', 'key.wrap', 'key-function', 'aes-zero-pad', undefined, ...keys],
  ])
  const { entries: log } = await world.as('admin', 'audit.list', { count: 1000 })
  assert.deepEqual(
    log
      .filter(({ operation }) => operation === 'key.wrap')
      .map(({ outcome, subjects }) => [outcome, subjects]),
    [
      ['ok', keys],
      ['key-function', keys],
    ],
  )
})

test('off by default; a change of the policy is in the management log, with what it was', async (t) => {
  const { world, priv, entries, state } = await start(t, { 'key-use': 'sampled', 'max-bytes': 2 ** 21 })
  const log = (await world.as('admin', 'audit.list', { count: 1000 })).entries
  assert.deepEqual(log.at(-1)?.changes, [
    { of: ['cluster'], what: 'audit-policy.key-use', from: 'off', to: 'sampled' },
    { of: ['cluster'], what: 'audit-policy.max-bytes', from: 2 ** 30, to: 2 ** 21 },
  ])
  await assert.rejects(world.as('alice', 'audit.set-policy', {}), { code: 'not-permitted' })
  state.policy = { ...state.policy, keyUse: 'off' }
  await sign(world, 'alice', priv, 'x')
  assert.deepEqual(await entries(), [])
})

test('with refuse, no result is released whose entry is not on disk', async (t) => {
  const { world, priv, entries, state } = await start(t, { 'key-use': 'all', 'on-full': 'refuse' })
  await sign(world, 'alice', priv, 'x')
  assert.equal((await entries()).length, 1)
  state.policy = { ...state.policy, maxBytes: 100 }
  await assert.rejects(sign(world, 'alice', priv, 'x'), { code: 'journal-full' })
  state.policy = { ...state.policy, maxBytes: 2 ** 20 }
  await sign(world, 'alice', priv, 'x')
})

test('with refuse, a use for whose entry there is no room is not even begun', async (t) => {
  const { world, priv, journal, entries } = await start(t, { 'key-use': 'all', 'on-full': 'refuse' })
  journal.checkRoom = () => {
    throw new HsmError('journal-full')
  }
  await assert.rejects(sign(world, 'alice', priv, 'x'), { code: 'journal-full' })
  assert.deepEqual(await entries(), [
    ['alice', 'crypto.sign', 'journal-full', 'ecdsa', undefined, `key/${priv}`],
  ])
})

test('a use whose right has ended when its work is done is recorded as that alone', async (t) => {
  let checks = Number.POSITIVE_INFINITY
  const lone = alone(() => ({ id: 'hsm-a', address: '-', version: '1.2.3' }))
  const check = () => {
    if (checks-- <= 0) throw new HsmError('not-serving')
  }
  const cluster = { ...lone, serving: { ...lone.serving, check } }
  const { world, pub, entries } = await start(t, { 'key-use': 'all' }, { cluster })
  // When it is asked, and when the use begins; the next is after the work.
  checks = 2
  await assert.rejects(world.as('alice', 'key.export-public', { filter: reference(pub) }), {
    code: 'not-serving',
  })
  checks = Number.POSITIVE_INFINITY
  assert.deepEqual(await entries(), [
    ['alice', 'key.export-public', 'not-serving', undefined, undefined, `key/${pub}`],
  ])
})

test('the journal is listed, filtered and stated through the HSM that has it, to admins alone', async (t) => {
  const { world, priv, pub } = await start(t, { 'key-use': 'all' })
  for (const who of ['alice', 'alice', 'bob'] as const)
    await sign(world, who, priv, 'x').catch(() => undefined)
  const list = (only: Request<'audit.list'>['only']) =>
    world.as('admin', 'audit.list', { journal: 'key-use', ...(only && { only }) })
  assert.equal((await list(undefined)).entries.length, 3)
  assert.equal((await list({ user: 'bob' })).entries.length, 1)
  assert.equal((await list({ outcome: 'refused' })).entries.length, 1)
  assert.equal((await list({ key: 'pay' })).entries.length, 3)
  assert.equal((await list({ key: pub })).entries.length, 0)
  assert.equal((await list({ operation: 'crypto.*' })).next, 3)
  const statement = await world.as('admin', 'audit.statement', { journal: 'key-use', first: 1 })
  assert.deepEqual([statement.first, statement.count, statement.journal], [1, 3, 'key-use'])
  await assert.rejects(world.as('alice', 'audit.statement', {}), { code: 'not-permitted' })
  await assert.rejects(world.as('admin', 'audit.list', { journal: 'key-use', hsm: 'hsm-other' }), {
    code: 'invalid-request',
  })
})
