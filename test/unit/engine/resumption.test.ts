/** Resumed logins on several HSMs of one store, with clocks that a test sets. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { recordRollback } from '../../../src/engine/accepted-rollback.ts'
import type { LoginRecord } from '../../../src/model/records.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, PASSWORD } from '../../support/world.ts'

const HOUR = 3_600_000
const ENDED = fails('not-logged-in')
const ALICE = { username: 'alice', role: 'crypto-user', password: PASSWORD, resumable: true } as const
const LONG = { ...ALICE, 'idle-seconds': LIMITS.sessionIdleSecondsMax }

async function cluster() {
  const store = memoryStore()
  const clock = { ms: 1_000_000_000_000 }
  const needs = { store, now: () => clock.ms, monotonic: () => clock.ms }
  const first = await testEngine(needs)
  const world = await createWorld(first)
  const second = await testEngine({
    ...needs,
    hsm: { id: 'hsm-other', version: '1.2.3', address: () => '-' },
  })
  const logins = () => [...store.catalog.logins()]
  return { store, clock, world, first, second, logins }
}

const isOpen = async (hsm: Awaited<ReturnType<typeof testEngine>>, token: string) =>
  await hsm.call('session.renew', {}, token).then(
    () => true,
    () => false,
  )

suite('a login of one HSM, resumed on another', () => {
  test('goes on there, as it was; its session here ends', async () => {
    const { first, second } = await cluster()
    const chosen = { 'key-availability-check': true, 'ecdsa-with-weak-hash-function': true }
    const { token, credential = '' } = await first.call('session.login', { ...LONG, ...chosen })
    const { token: resumed } = await second.call('session.resume', { credential })
    assert.equal(await isOpen(first, token), false)
    assert.equal(await isOpen(second, resumed), true)
    await assert.rejects(
      second.call(
        'key.generate-symmetric',
        { 'key-type': 'aes', 'key-length-bytes': 32, label: 'k' },
        resumed,
      ),
      fails('key-availability'),
      'what was chosen at login holds',
    )
  })

  test('a logout there ends it here, and the logout of the session that it has left does not', async () => {
    const { first, second } = await cluster()
    const { token, credential = '' } = await first.call('session.login', ALICE)
    const { token: resumed } = await second.call('session.resume', { credential })
    await assert.rejects(first.call('session.logout', {}, token), ENDED)
    assert.ok(await second.call('session.renew', {}, resumed))
    await second.call('session.logout', {}, resumed)
    await assert.rejects(first.call('session.resume', { credential }), ENDED)
  })

  test('a logout ends it in one commit, with its entry in the audit log', async () => {
    const { first, store, world } = await cluster()
    const { token } = await first.call('session.login', ALICE)
    const commits: number[] = []
    store.subscribe((changes) => void commits.push(changes.length))
    await first.call('session.logout', {}, token)
    assert.deepEqual(commits, [2], 'the login and the head of the log')
    const { entries } = await world.as('admin', 'audit.list', {})
    const ended = entries.filter(({ operation }) => operation === 'session.logout')
    assert.deepEqual(
      ended.map(({ actor, outcome }) => [actor, outcome]),
      [['alice', 'ok']],
    )
  })

  test('a logout of the session that it is leaving does not end it', async () => {
    const { first, second } = await cluster()
    const { token, credential = '' } = await first.call('session.login', ALICE)
    const [resumed] = await Promise.all([
      second.call('session.resume', { credential }),
      first.call('session.logout', {}, token),
    ])
    assert.deepEqual(await second.call('session.renew', {}, resumed.token), { 'resumable-seconds': 900 })
  })

  test('after an accepted rollback there are none', async () => {
    const { first, store } = await cluster()
    for (let count = 0; count < 100; count++) await first.call('session.login', ALICE)
    assert.equal(store.catalog.loginCount(), 100)
    const rollback = { revision: 1, marked: 2 }
    await recordRollback({ store, hsmId: 'hsm-test2345abc', rollback, now: 0, log: () => undefined })
    assert.equal(store.catalog.loginCount(), 0)
  })

  test('a login that ends while it is being resumed gives no session', async () => {
    const { first, second, world, store } = await cluster()
    const { credential = '' } = await first.call('session.login', ALICE)
    const account = { username: 'alice', role: 'crypto-user' } as const
    store.subscribe((changes) => {
      // In the same turn in which the resumption is committed, before its session is opened.
      if (changes.some(({ after }) => after?.kind === 'login')) void world.as('admin', 'user.logout', account)
    })
    const outcome = await second.call('session.resume', { credential }).then(
      ({ token }) => isOpen(second, token),
      () => false,
    )
    assert.equal(outcome, false)
  })

  test('resumed twice at the same moment, it has one session', async () => {
    const { first, second } = await cluster()
    const { credential = '' } = await first.call('session.login', ALICE)
    const tries = await Promise.all(
      [first, second, first, second].map((hsm) =>
        hsm.call('session.resume', { credential }).then(
          ({ token }) => ({ hsm, token }),
          () => undefined,
        ),
      ),
    )
    const open = await Promise.all(tries.map((one) => one && isOpen(one.hsm, one.token)))
    assert.equal(open.filter(Boolean).length, 1)
    const sessions = await Promise.all([first, second].map((hsm) => hsm.call('cluster.status', {})))
    const others = 4 // those of the world
    assert.equal(
      sessions.reduce((sum, status) => sum + status.sessions, 0),
      others + 1,
    )
  })

  test('a restart of all HSMs is nothing to it', async () => {
    const { store, clock, first } = await cluster()
    const { token, credential = '' } = await first.call('session.login', ALICE)
    await first.close()
    const again = await testEngine({ store, now: () => clock.ms, monotonic: () => clock.ms })
    await assert.rejects(again.call('session.renew', {}, token), ENDED)
    const { token: resumed } = await again.call('session.resume', { credential })
    assert.equal(await isOpen(again, resumed), true)
  })

  test('it stays with its interface; the keeper speaks HTTPS for programs', async () => {
    const { first, second } = await cluster()
    const https = { kind: 'https', address: '192.0.2.1' } as const
    const pkcs11 = { kind: 'pkcs11', pid: 1, uid: 2 } as const
    const { credential = '' } = await first.call('session.login', ALICE, undefined, pkcs11)
    await assert.rejects(second.call('session.resume', { credential }), ENDED)
    await second.call('session.resume', { credential }, undefined, pkcs11)
    await second.call('session.resume', { credential }, undefined, https)
    await assert.rejects(second.call('session.resume', { credential }, undefined, pkcs11), ENDED)
    await first.call('session.resume', { credential }, undefined, https)
  })
})

suite('the time of a login', () => {
  test('is hours from when it was last renewed or resumed', async () => {
    const { first, second, clock } = await cluster()
    const { token, credential = '' } = await first.call('session.login', LONG)
    clock.ms += 8 * HOUR - 1
    assert.deepEqual(await first.call('session.renew', {}, token), { 'resumable-seconds': 8 * 3600 })
    clock.ms += 8 * HOUR - 1
    await second.call('session.resume', { credential })
    clock.ms += 8 * HOUR - 1
    await second.call('session.resume', { credential })
    clock.ms += 8 * HOUR
    await assert.rejects(second.call('session.resume', { credential }), ENDED)
  })

  test('is no longer than its sessions may be idle', async () => {
    const { first, second, clock } = await cluster()
    const { credential = '' } = await first.call('session.login', { ...ALICE, 'idle-seconds': 60 })
    clock.ms += 60_000
    await assert.rejects(second.call('session.resume', { credential }), ENDED)
  })

  test('does not end a session that is used', async () => {
    const { first, clock, logins } = await cluster()
    const { token } = await first.call('session.login', LONG)
    clock.ms += 9 * HOUR
    await first.call('session.login', ALICE)
    assert.equal(logins().length, 1, 'the old one was cleared away')
    assert.deepEqual(await first.call('session.renew', {}, token), {})
  })
})

suite('what the store has of a login', () => {
  test('nothing that resumes it', async () => {
    const { first, logins } = await cluster()
    const { token, credential = '' } = await first.call('session.login', ALICE)
    const [login] = logins()
    const text = JSON.stringify(login)
    const secret = Buffer.from(credential.slice(11), 'base64url')
    for (const form of [
      token,
      credential,
      credential.slice(11),
      secret.toString('hex'),
      secret.toString('base64'),
    ])
      assert.equal(text.includes(form), false)
    assert.equal(login?.secretHash, createHash('sha256').update(secret).digest('hex'))
  })

  test('nothing any more when it was logged out, and nothing new when it is resumed', async () => {
    const { first, second, logins } = await cluster()
    const { credential = '' } = await first.call('session.login', ALICE)
    const { token } = await second.call('session.resume', { credential })
    assert.equal(logins().length, 1)
    await second.call('session.logout', {}, token)
    assert.equal(logins().length, 0)
  })

  test('a user has so many, and loses the one that was renewed the longest ago', async () => {
    const { first, store, logins } = await cluster()
    const { token, credential = '' } = await first.call('session.login', ALICE)
    const one = logins()[0] as LoginRecord
    const put = (id: number) => ({ put: { ...one, id: id.toString(16).padStart(16, '0') } })
    const some = Array.from({ length: LIMITS.loginsPerUser - 1 }, (_, at) => put(at))
    await store.transact(() => ({ writes: some, audit: [], result: undefined }))
    await first.call('session.renew', {}, token)
    await first.call('session.login', ALICE)
    assert.equal(logins().length, LIMITS.loginsPerUser)
    assert.equal(store.catalog.login('0'.repeat(16)), undefined)
    assert.ok(await first.call('session.resume', { credential }))
  })

  test('when there are too many of all, a login is good all the same, and cannot be resumed', async () => {
    const { first, store, logins } = await cluster()
    await first.call('session.login', ALICE)
    const one = logins()[0] as LoginRecord
    const others = Array.from({ length: LIMITS.logins - 1 }, (_, at) => ({
      put: { ...one, user: `user-${at % 100}`, id: at.toString(16).padStart(16, '0') },
    }))
    await store.transact(() => ({ writes: others, audit: [], result: undefined }))
    const { token, credential } = await first.call('session.login', { ...ALICE, username: 'bob' })
    assert.equal(credential, undefined)
    assert.deepEqual(await first.call('session.renew', {}, token), {})
  })

  test('a cluster with HSMs that do not know such records has none', async () => {
    const { first, store, logins } = await cluster()
    for (const minimumVersion of [1, 2]) {
      await store.transact((view) => {
        const own = view.cluster()
        return { writes: own ? [{ put: { ...own, minimumVersion } }] : [], audit: [], result: undefined }
      })
      const reply = await first.call('session.login', ALICE)
      assert.equal('credential' in reply, false)
      assert.equal(logins().length, 0)
    }
  })
})

suite('resuming', () => {
  test('takes no more sessions than a login does', async () => {
    const { first, second } = await cluster()
    const { credential = '' } = await first.call('session.login', ALICE)
    const own = { ...ALICE, resumable: false }
    for (let count = 0; count < LIMITS.sessionsPerUser; count++) await second.call('session.login', own)
    await assert.rejects(second.call('session.resume', { credential }), fails('too-many-sessions'))
    await assert.rejects(second.call('session.resume', { credential: `${credential}x` }), ENDED)
  })

  test('is in the audit log with the user, and renewing is not', async () => {
    const { first, world } = await cluster()
    const { token, credential = '' } = await first.call('session.login', ALICE)
    await first.call('session.renew', {}, token)
    await first.call('session.resume', { credential })
    const { entries } = await world.as('admin', 'audit.list', { count: 1000 })
    const ours = entries.filter(({ operation }) => /session\.re/.test(operation))
    assert.deepEqual(
      ours.map(({ operation, outcome, subjects }) => [operation, outcome, subjects]),
      [['session.resume', 'ok', ['user/alice']]],
    )
  })

  test('thousands of guesses find nothing, and leave no more entries than others who are refused', async () => {
    const { first, store, world } = await cluster()
    const { credential = '' } = await first.call('session.login', ALICE)
    const before = (await world.as('admin', 'audit.list', { count: 1000 })).entries.length
    const guess = Buffer.from(credential.slice(11), 'base64url')
    for (let at = 0; at < 5000; at++) {
      guess.writeUInt32BE(at, 0)
      const tried = credential.slice(0, 11) + guess.toString('base64url')
      if (tried === credential) continue
      await assert.rejects(first.call('session.resume', { credential: tried }), ENDED)
    }
    const after = (await world.as('admin', 'audit.list', { count: 1000 })).entries.length
    assert.equal(after, before + LIMITS.refusalsAudited)
    assert.equal(store.catalog.loginCount(), 1)
    assert.ok(await first.call('session.resume', { credential }))
  })
})
