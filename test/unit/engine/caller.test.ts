/** Calls of one session that are answered at once: the session is looked up once, and asked after with every call. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Caller, calledFrom, callerOf } from '../../../src/contract/hsm.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { base64, createWorld, ECDSA, makePair, PASSWORD, reference, type World } from '../../support/world.ts'

const CAROL = { username: 'carol', role: 'crypto-user' } as const
const ENDED = fails('not-logged-in', 'The login has ended, log in again')

async function start(clock = { ms: 0 }) {
  const engine = await testEngine({ monotonic: () => clock.ms })
  const world = await createWorld(engine)
  const { priv } = await makePair(world, 'carol', { label: 'k' })
  const signing = { filter: reference(priv), mechanism: ECDSA, data: [base64('text')] }
  const token = world.token('carol')
  return { engine, world, signing, caller: engine.caller(token), admitter: engine.admit(token) }
}

test('what needs no waiting is answered without a promise, and refused by throwing', async () => {
  const { engine, world, signing, caller } = await start()
  const reply = caller('crypto.sign', signing)
  assert.ok(!(reply instanceof Promise))
  assert.equal(reply.signatures.length, 1)
  assert.throws(() => caller('crypto.sign', { ...signing, filter: 7 as never }), fails('invalid-request'))
  assert.throws(() => engine.caller(world.token('bob'))('crypto.sign', signing), fails('key-selection'))
  assert.throws(() => engine.caller('no token')('crypto.sign', signing), ENDED)
  assert.throws(() => engine.caller(undefined)('crypto.sign', signing), fails('not-logged-in'))
  assert.throws(() => caller('no.such' as never, {} as never), fails('unknown-operation'))
})

test('what waits is answered later, refusals that are recorded too', async () => {
  const { engine, world, caller } = await start()
  const listed = caller('key.generate-symmetric', { 'key-type': 'aes', 'key-length-bytes': 32, label: 'a' })
  assert.ok(listed instanceof Promise)
  await listed
  const refused = caller('user.create', { ...CAROL, password: PASSWORD })
  assert.ok(refused instanceof Promise)
  await assert.rejects(refused, fails('not-permitted'))
  const { hsms } = await world.as('admin', 'audit.heads', {})
  const { entries } = await world.as('admin', 'audit.list', { hsm: hsms[0]?.hsm ?? '', first: 0, count: 100 })
  assert.match(JSON.stringify(entries.at(-1)), /user\.create.*not-permitted/)
  await engine.close()
})

suite('a caller does not outlive its session, nor does who admits its requests', () => {
  const ways: Record<string, (world: World) => Promise<unknown>> = {
    'session.logout': (world) => world.as('carol', 'session.logout', {}),
    'user.logout': (world) => world.as('admin', 'user.logout', CAROL),
    'user.change-password': (world) =>
      world.as('admin', 'user.change-password', { ...CAROL, password: 'new password', force: true }),
  }
  for (const [name, end] of Object.entries(ways)) {
    test(`which ended by ${name}`, async () => {
      const { world, signing, caller, admitter } = await start()
      await caller('crypto.sign', signing)
      assert.ok(admitter.user())
      assert.equal(admitter.admit('crypto.sign').user, admitter.user())
      await end(world)
      assert.equal(admitter.user(), undefined)
      assert.throws(() => admitter.admit('crypto.sign'), ENDED)
      assert.throws(() => caller('crypto.sign', signing), ENDED)
      assert.throws(() => caller('session.logout', {}), ENDED)
    })
  }

  test('unless it made the change of password itself', async () => {
    const { signing, caller, admitter } = await start()
    await caller('user.change-password', { ...CAROL, password: 'new password' })
    assert.equal(admitter.admit('crypto.sign').user, admitter.user())
    assert.equal((await caller('crypto.sign', signing)).signatures.length, 1)
  })

  test('which ended by being idle: only calls use it', async () => {
    const clock = { ms: 0 }
    const { engine, world, signing, caller, admitter } = await start(clock)
    const idleMs = LIMITS.sessionIdleSecondsDefault * 1000
    clock.ms = idleMs
    await caller('crypto.sign', signing)
    clock.ms = 2 * idleMs
    await caller('crypto.sign', signing)
    clock.ms = 3 * idleMs
    const another = engine.caller(world.token('carol'))
    assert.ok(admitter.user())
    clock.ms = 3 * idleMs + 1
    assert.equal(admitter.user(), undefined)
    assert.throws(() => another('crypto.sign', signing), ENDED)
    assert.throws(() => caller('crypto.sign', signing), ENDED)
  })
})

test('an HSM without callers has them all the same, and the place of the call goes with them', async () => {
  const asked: unknown[] = []
  const call = async (...given: unknown[]) => asked.push(given)
  const source = { kind: 'https', address: 'a.example' } as const
  const callers: Caller[] = [
    callerOf({ call: call as never }, 'token', source),
    callerOf(calledFrom({ call: call as never }, source), 'token'),
  ]
  for (const caller of callers) await caller('cluster.status', {})
  const given = ['cluster.status', {}, 'token', source]
  assert.deepEqual(asked, [given, given])
})
