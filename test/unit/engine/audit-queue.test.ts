/** What is in the audit log of things that changed nothing: refusals by the thousand, and ends of sessions. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { verifyEntries } from '../../../src/audit/chain.ts'
import { alone } from '../../../src/cluster/cluster.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { testEngine } from '../../support/engine.ts'
import { until } from '../../support/until.ts'
import { createWorld, makeAes, PASSWORD, reference } from '../../support/world.ts'

const HSM = 'hsm-test2345abc'
const ALL = 1_000_000

/** An engine with alice's key, whose clock and store do as the test says. */
async function start(t: TestContext) {
  const state: { serves: boolean; takes: boolean; now: number } = { serves: true, takes: true, now: 0 }
  const memory = memoryStore()
  const store: Store = {
    ...memory,
    catalog: memory.catalog,
    transact: async (body) => {
      if (!state.takes) throw new HsmError('store-failure')
      return memory.transact(body)
    },
  }
  const self = alone(() => ({ id: HSM, address: '127.0.0.1', version: '1.2.3' }))
  const check = () => {
    if (!state.serves) throw new HsmError('not-serving')
  }
  const engine = await testEngine({
    store,
    monotonic: () => state.now,
    cluster: { ...self, serving: { ...self.serving, check } },
  })
  const world = await createWorld(engine)
  const key = await makeAes(world, 'alice', 'key')
  await world.as('alice', 'key.share', {
    filter: reference(key),
    usernames: ['bob', 'carol'],
    role: 'crypto-user',
  })
  t.after(() => engine.close())
  const entries = async () => {
    const all = await memory.audit(HSM, 0, ALL)
    assert.equal(verifyEntries(all), undefined)
    return all
  }
  const before = (await entries()).length
  return {
    ...{ engine, world, key, state },
    added: async () =>
      (await entries()).slice(before).map(({ actor, operation, outcome, leftOut, subjects }) => ({
        ...{ actor, operation, outcome, leftOut },
        subject: subjects.at(-1),
      })),
  }
}

type Started = Awaited<ReturnType<typeof start>>

/** bob is refused so many times: he may not delete alice's key. */
async function refuse({ world, key }: Started, count: number): Promise<void> {
  for (let time = 0; time < count; time++) {
    await assert.rejects(world.as('bob', 'key.delete', { filter: reference(key) }), { code: 'not-owner' })
  }
}

/** The first key of a cluster. */
const FIRST_KEY = 'key/0x0000000000001000'
const WRITTEN = LIMITS.refusalsAudited
const refused = (leftOut?: number) => ({
  actor: 'bob',
  operation: 'key.delete',
  outcome: 'not-owner',
  leftOut,
  subject: FIRST_KEY,
})

test('of many refusals the first ones are written, and the rest when the session ends', async (t) => {
  const started = await start(t)
  await refuse(started, WRITTEN + 500)
  assert.deepEqual(await started.added(), Array(WRITTEN).fill(refused()))
  await started.world.as('bob', 'session.logout', {})
  assert.deepEqual((await started.added()).slice(WRITTEN), [
    refused(499),
    { ...refused(), operation: 'session.logout', outcome: 'ok', subject: undefined },
  ])
})

test('the rest is written when the HSM stops', async (t) => {
  const started = await start(t)
  await refuse(started, WRITTEN + 1)
  await started.engine.close()
  assert.deepEqual((await started.added()).slice(WRITTEN), [refused()])
})

test('the rest is written when the period is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const started = await start(t)
  await refuse(started, WRITTEN + 3)
  started.state.now += LIMITS.refusalsPeriodMs
  t.mock.timers.tick(LIMITS.refusalsPeriodMs)
  await until('the rest is written', async () => (await started.added()).length > WRITTEN)
  assert.deepEqual((await started.added()).slice(WRITTEN), [refused(2)])
})

test('one user does not use up what others may have written, nor another kind of refusal', async (t) => {
  const started = await start(t)
  const { world, key } = started
  await refuse(started, WRITTEN + 1)
  await assert.rejects(world.as('carol', 'key.delete', { filter: reference(key) }))
  await assert.rejects(
    world.as('bob', 'key.share', { filter: reference(key), usernames: ['carol'], role: 'crypto-user' }),
  )
  assert.deepEqual(
    (await started.added()).slice(WRITTEN).map(({ actor, operation }) => [actor, operation]),
    [
      ['carol', 'key.delete'],
      ['bob', 'key.share'],
    ],
  )
})

test('passwords tried for users who do not exist are limited, and those for users who do are all there', async (t) => {
  const started = await start(t)
  for (let time = 0; time < WRITTEN + 30; time++) {
    await assert.rejects(started.world.login(`ghost${time}`, 'crypto-user', 'wrong password'))
  }
  await assert.rejects(started.world.login('carol', 'crypto-user', 'wrong password'))
  const added = await started.added()
  assert.deepEqual(added.map(({ subject }) => subject).slice(-2), [`user/ghost${WRITTEN - 1}`, 'user/carol'])
  await started.engine.close()
  const last = (await started.added()).at(-1)
  assert.deepEqual([last?.subject, last?.leftOut], [`user/ghost${WRITTEN + 29}`, 29])
})

test('what is refused of several keys, when nothing is left, is a refusal like others', async (t) => {
  const started = await start(t)
  const { world } = started
  const key = await makeAes(world, 'alice', 'not shared')
  for (let time = 0; time < WRITTEN + 5; time++) {
    await world.as('alice', 'key.unshare-many', {
      filter: [],
      keys: [key],
      usernames: ['bob'],
      role: 'crypto-user',
    })
  }
  assert.equal((await started.added()).length, 1 + WRITTEN)
})

test('a session ends also while the HSM does not serve, and that is written when the store takes it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const started = await start(t)
  const { world, state, engine } = started
  state.serves = false
  state.takes = false
  assert.deepEqual(await world.as('bob', 'session.logout', {}), {})
  state.serves = true
  await assert.rejects(world.as('bob', 'key.list', { filter: [] }), { code: 'not-logged-in' })
  assert.deepEqual(await started.added(), [])
  state.takes = true
  await until('it is written', async () => {
    t.mock.timers.tick(1000)
    return (await started.added()).length > 0
  })
  assert.deepEqual(await started.added(), [
    { ...refused(), operation: 'session.logout', outcome: 'ok', subject: undefined },
  ])
  await assert.rejects(engine.call('session.logout', {}), { code: 'not-logged-in' })
})

test('a logout ends the session even when its entry cannot be written', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { world, state } = await start(t)
  state.takes = false
  await world.as('bob', 'session.logout', {})
  state.takes = true
  await assert.rejects(world.as('bob', 'key.list', { filter: [] }), { code: 'not-logged-in' })
  assert.ok(await world.login('bob', 'crypto-user', PASSWORD))
})

test('logins under names that nobody has wait for each other, and others do not wait for them', async (t) => {
  const { world } = await start(t)
  const ghosts = Array.from({ length: LIMITS.unknownLogins + 50 }, (_, at) =>
    world.login(`ghost${at}`).then(
      () => 'ok',
      ({ code }: HsmError) => code,
    ),
  )
  let overtaken = 0
  for (const ghost of ghosts) {
    void ghost.then((code) => {
      if (code === 'bad-credentials') overtaken += 1
    })
  }
  assert.ok(await world.login('carol'))
  assert.ok(overtaken < LIMITS.unknownLogins / 2, `${overtaken} came before`)
  const codes = await Promise.all(ghosts)
  assert.deepEqual(codes.slice(0, LIMITS.unknownLogins), Array(LIMITS.unknownLogins).fill('bad-credentials'))
  assert.deepEqual(new Set(codes.slice(LIMITS.unknownLogins)), new Set(['busy']))
})
