/** Logins of programs: what is kept of them, for how long, and what ends them. */
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { OperationName } from '../../../src/contract/operations.ts'
import { createHeldLogin, type HeldLogin } from '../../../src/pkcs11/held-login.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, PASSWORD } from '../../support/world.ts'

const ALICE = { username: 'alice', password: PASSWORD }
const HOUR = 3_600_000

/** An HSM with a clock, which can be asked what it was asked. */
async function hsmWithClock(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const clock = { ms: 1_000_000_000_000 }
  const store = memoryStore()
  const engine = await testEngine({ store, now: () => clock.ms, monotonic: () => clock.ms })
  const world = await createWorld(engine)
  const asked: OperationName[] = []
  const hsm: Hsm = {
    call(operation, request, session) {
      asked.push(operation)
      return engine.call(operation, request, session)
    },
  }
  /** Time passes, and whatever it brings is done. */
  const pass = async (ms: number, step = HOUR / 2) => {
    for (let passed = 0; passed < ms; passed += step) {
      clock.ms += step
      t.mock.timers.tick(step)
      for (let turn = 0; turn < 5; turn++) await setImmediate()
    }
  }
  const uses = async (held: ReturnType<typeof createHeldLogin>) => {
    const login = held.signedIn()
    await hsm.call('crypto.random', { bytes: 8 }, login.session.token).catch(async (error) => {
      assert.equal(error.code, 'not-logged-in')
      await held.renewed(login, login.session)
      await hsm.call('crypto.random', { bytes: 8 }, login.session.token)
    })
  }
  return { clock, store, world, hsm, asked, pass, uses }
}

suite('a login of a program', () => {
  test('lasts for as long as the program is there, however quiet it is', async (t) => {
    const { hsm, store, pass, uses } = await hsmWithClock(t)
    const held = createHeldLogin(hsm)
    await held.begin(ALICE)
    await pass(100 * HOUR)
    await uses(held)
    await held.end()
    assert.equal(store.catalog.loginCount(), 0)
  })

  test('is over when it was not renewed for hours', async (t) => {
    const { hsm, clock, uses } = await hsmWithClock(t)
    const held = createHeldLogin(hsm)
    await held.begin(ALICE)
    const snapshot = held.current()
    await held.leave()
    clock.ms += 8 * HOUR
    await assert.rejects(uses(createHeldLogin(hsm, snapshot)), fails('not-logged-in'))
  })

  test('goes on in another process, which keeps it', async (t) => {
    const { hsm, pass, uses } = await hsmWithClock(t)
    const held = createHeldLogin(hsm)
    await held.begin(ALICE)
    const { username, credential } = held.signedIn()
    const snapshot = structuredClone({ username, credential })
    await held.leave()
    const keeper = createHeldLogin(hsm, snapshot)
    await pass(24 * HOUR)
    await uses(keeper)
    await keeper.end()
  })

  const losses: Readonly<Record<string, (held: HeldLogin, hsm: Hsm) => Promise<HeldLogin>>> = {
    'is there': async (held) => held,
    async 'went without it'(held, hsm) {
      await hsm.call('session.logout', { resumable: true }, held.signedIn().session.token)
      return held
    },
    async 'was left to another process, which has not asked anything'(held, hsm) {
      const snapshot = held.current()
      await held.leave()
      return createHeldLogin(hsm, snapshot)
    },
  }
  for (const [how, lose] of Object.entries(losses)) {
    test(`ends when it is logged out, and no other does: its session ${how}`, async (t) => {
      const { hsm, store } = await hsmWithClock(t)
      const [held, other] = [createHeldLogin(hsm), createHeldLogin(hsm)]
      for (const one of [held, other]) await one.begin(ALICE)
      const { sessions } = await hsm.call('cluster.status', {})
      const last = await lose(held, hsm)
      await last.end()
      assert.equal(last.current(), undefined)
      assert.equal(store.catalog.loginCount(), 1)
      assert.equal((await hsm.call('cluster.status', {})).sessions, sessions - 1)
      await other.end()
      assert.equal(store.catalog.loginCount(), 0)
    })
  }

  test('ends at once when it is proven only after its program has logged out or is gone', async (t) => {
    const { hsm, store } = await hsmWithClock(t)
    const { sessions } = await hsm.call('cluster.status', {})
    for (const way of ['end', 'leave'] as const) {
      const held = createHeldLogin(hsm)
      const beginning = held.begin(ALICE)
      await held[way]()
      await assert.rejects(beginning, fails('not-logged-in'))
      assert.equal(held.current(), undefined)
    }
    assert.equal(store.catalog.loginCount(), 0)
    assert.equal((await hsm.call('cluster.status', {})).sessions, sessions)
  })

  test('is over, without another try, when all logins of its user have been ended', async (t) => {
    const { hsm, world, asked, uses } = await hsmWithClock(t)
    const held = createHeldLogin(hsm)
    await held.begin(ALICE)
    await world.as('admin', 'user.logout', { username: 'alice', role: 'crypto-user' })
    asked.length = 0
    await assert.rejects(uses(held), fails('not-logged-in'))
    assert.deepEqual(asked, ['crypto.random', 'session.resume'])
    assert.equal(held.current(), undefined)
  })

  test('ends with its session where the HSM is of an earlier version', async () => {
    const asked: unknown[] = []
    const earlier = {
      async call(operation: string, request: object) {
        asked.push([operation, 'resumable' in request])
        if ('resumable' in request) throw new HsmError('invalid-request', 'resumable is not known')
        if (operation === 'session.login') return { token: 'one', username: 'alice', role: 'crypto-user' }
        throw new HsmError('unknown-operation')
      },
    } as unknown as Hsm
    const held = createHeldLogin(earlier)
    await held.begin(ALICE)
    assert.deepEqual(asked, [
      ['session.login', true],
      ['session.login', false],
    ])
    await assert.rejects(held.renewed(held.signedIn(), held.signedIn().session), fails('not-logged-in'))
    assert.equal(held.current(), undefined)
  })

  test('keeps no password', async (t) => {
    const { hsm } = await hsmWithClock(t)
    const held = createHeldLogin(hsm)
    await held.begin(ALICE)
    assert.equal(JSON.stringify(held.current()).includes(PASSWORD), false)
    await held.end()
  })
})
