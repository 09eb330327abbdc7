import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { createHeldLogins, type HeldLogins, type Target } from '../../../src/cli/agent/held-logins.ts'
import type { Credentials } from '../../../src/cli/cluster-login.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { type StubHsm, stubHsm } from '../../support/stub-hsm.ts'

const LIFETIME_MS = 1000
const IDLE_MS = 100

suite('logins that the agent holds', () => {
  let clock: { wallMs: number; monotonicMs: number }
  let hsm: StubHsm
  let logins: HeldLogins
  let right: string
  const target: Target = {
    clusterId: 'cluster-one',
    identity: () => 'one',
    connect: () => ({ hsm, close: () => undefined }),
  }
  const who = (username: string, password = right): Credentials => ({
    username,
    password,
    role: 'crypto-user',
  })
  const asked = () => hsm.asked.map(({ operation }) => operation)
  const pass = (ms: number, ...clocks: readonly (keyof typeof clock)[]) => {
    for (const name of clocks) clock[name] += ms
  }

  beforeEach(() => {
    clock = { wallMs: 1e12, monotonicMs: 5 }
    right = 'right'
    const login = () => {
      const { request } = hsm.asked.at(-1) ?? assert.fail()
      const { username, password } = request as Credentials
      if (password !== right) throw new HsmError('bad-credentials')
      return { token: 'token', username, role: 'crypto-user', credential: 'credential' }
    }
    hsm = stubHsm({ 'session.login': login, 'key.list': {} })
    logins = createHeldLogins({ now: () => ({ ...clock }), lifetimeMs: LIFETIME_MS, idleMs: IDLE_MS })
  })

  test('are the HSM’s to grant unless the credentials are the very same', async () => {
    const first = await logins.login(target, who('ines'), false)
    assert.equal(await logins.login(target, who('ines'), false), first)
    assert.deepEqual(asked(), ['session.login'])
    await assert.rejects(logins.login(target, who('ines', 'wrong'), false), { code: 'bad-credentials' })
    assert.equal(await logins.login(target, who('ines'), false), first)
    for (const other of [who('otto'), { ...who('ines'), role: 'admin' as const }]) {
      assert.notEqual(await logins.login(target, other, false), first)
    }
    const elsewhere = { ...target, identity: () => 'two' }
    assert.notEqual(await logins.login(elsewhere, who('ines'), false), first)
  })

  test('give way to one with a new password', async () => {
    const first = await logins.login(target, who('ines'), false)
    right = 'new'
    const second = await logins.login(target, who('ines'), false)
    assert.notEqual(second, first)
    assert.deepEqual(logins.list(), [second])
    assert.ok(first.digest.every((byte) => byte === 0))
    await assert.rejects(logins.login(target, who('ines', 'right'), false), { code: 'bad-credentials' })
  })

  test('are had again when they have proven to be over', async () => {
    const first = await logins.login(target, who('ines'), false)
    assert.notEqual(await logins.login(target, who('ines'), true), first)
  })

  test('that are asked for at the same time are one', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => logins.login(target, who('ines'), false)))
    assert.equal(one, two)
    assert.deepEqual(asked(), ['session.login'])
  })

  for (const name of ['wallMs', 'monotonicMs'] as const) {
    test(`end by ${name} alone, and log out`, async () => {
      const login = await logins.login(target, who('ines'), false)
      for (let used = 0; used <= LIFETIME_MS; used += IDLE_MS) {
        assert.equal(logins.only(target), login)
        logins.used(login)
        pass(IDLE_MS, name)
      }
      assert.equal(logins.only(target), undefined)
      await new Promise(setImmediate)
      assert.equal(asked().at(-1), 'session.logout')

      await logins.login(target, who('otto'), false)
      pass(IDLE_MS + 1, name)
      logins.expire()
      assert.deepEqual(logins.list(), [])
    })
  }

  test('are so many, and the one used the longest ago makes room', async () => {
    for (let user = 0; user < 65; user++) {
      pass(1, 'monotonicMs')
      await logins.login(target, who(`user ${user}`), false)
    }
    const held = logins.list().map(({ username }) => username)
    assert.deepEqual([held.length, held.includes('user 0'), held.includes('user 64')], [64, false, true])
  })

  test('are no longer the only one when there are two', async () => {
    const login = await logins.login(target, who('ines'), false)
    assert.equal(logins.only(target), login)
    assert.equal(logins.only({ ...target, identity: () => 'two' }), undefined)
    await logins.login(target, who('otto'), false)
    assert.equal(logins.only(target), undefined)
    await logins.endAll()
    assert.deepEqual([logins.only(target), logins.list()], [undefined, []])
  })
})
