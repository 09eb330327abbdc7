import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { verifyEntries } from '../../../src/audit/chain.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { createWorld, ECDSA, makePair, PASSWORD, reference, type World } from '../../support/world.ts'

/** The audit log: what is in it, what is not, and that it verifies. */
export function auditContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const entries = async () => (await world.as('admin', 'audit.list', { count: 1000 })).entries
  const newest = async (count: number) =>
    (await entries())
      .slice(-count)
      .map(({ actor, operation, outcome, subjects }) => [actor, operation, outcome, ...subjects])

  suite('audit log', () => {
    test('has changes, refusals and wrong passwords, with who and what', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'audited' })
      const filter = reference(priv)
      await world.as('alice', 'key.share', { filter, usernames: ['bob'], role: 'crypto-user' })
      await assert.rejects(world.as('bob', 'key.delete', { filter }))
      await assert.rejects(world.login('carol', 'crypto-user', 'wrong password'))
      await assert.rejects(world.login('ghost', 'crypto-user', 'wrong password'))
      assert.deepEqual(await newest(4), [
        ['alice', 'key.share', 'ok', 'user/bob', `key/${priv}`],
        ['bob', 'key.delete', 'not-owner', `key/${priv}`],
        ['-', 'session.login', 'bad-credentials', 'user/carol'],
        ['-', 'session.login', 'bad-credentials', 'user/ghost'],
      ])
    })

    test('says who, from where, and what was changed from what to what', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'before' })
      const key = `key/${priv}`
      const filter = reference(priv)
      await world.as('alice', 'key.set-attribute', { filter, attributes: { label: 'after' } })
      await world.as('alice', 'key.share', { filter, usernames: ['bob'], role: 'crypto-user' })
      await world.as('alice', 'key.unshare', { filter, usernames: ['bob'], role: 'crypto-user' })
      const [made, set, shared, unshared] = (await entries()).slice(-4)
      for (const entry of [made, set, shared, unshared]) {
        assert.deepEqual([entry?.actor, entry?.role], ['alice', 'crypto-user'])
        assert.match(entry?.session ?? '', /^[0-9a-f]{16}$/)
        assert.match(entry?.source ?? '', /^(local|https 127\.0\.0\.1)$/)
      }
      assert.ok(made?.changes?.some(({ what, to }) => what === 'label' && to === 'before'))
      assert.deepEqual(set?.changes, [{ of: [key], what: 'label', from: 'before', to: 'after' }])
      assert.deepEqual(shared?.changes, [{ of: [key], what: 'shared-users', added: ['bob'] }])
      assert.deepEqual(unshared?.changes, [{ of: [key], what: 'shared-users', removed: ['bob'] }])
    })

    test('a login names the session that it opened, as does one that goes on; a refused one names none', async () => {
      const login = { username: 'carol', role: 'crypto-user', password: PASSWORD, resumable: true } as const
      const first = await world.hsm.call('session.login', login)
      const second = await world.hsm.call('session.resume', { credential: first.credential ?? '' })
      await world.hsm.call('session.logout', {}, second.token)
      await assert.rejects(world.login('carol', 'crypto-user', 'wrong password'))
      const [opened, resumed, ended, refused] = (await entries()).slice(-4)
      assert.match(opened?.session ?? '', /^[0-9a-f]{16}$/)
      assert.equal(resumed?.session, ended?.session)
      assert.notEqual(opened?.session, resumed?.session)
      assert.deepEqual([refused?.outcome, refused?.session], ['bad-credentials', undefined])
    })

    test('a session that ends with its connection is told apart from a logout', async () => {
      const login = { username: 'carol', role: 'crypto-user', password: PASSWORD } as const
      for (const request of [{}, { resumable: true as const }]) {
        const { token } = await world.hsm.call('session.login', login)
        await world.hsm.call('session.logout', request, token)
      }
      const [, logout, , close] = (await entries()).slice(-4)
      assert.deepEqual([logout?.operation, close?.operation], ['session.logout', 'session.close'])
      assert.deepEqual([close?.actor, close?.outcome], ['carol', 'ok'])
    })

    test('says the role of a user that a request is about, also when it is refused, and of one who tries to log in', async () => {
      await assert.rejects(
        world.as('admin', 'user.create', { username: 'alice', role: 'admin', password: PASSWORD }),
      )
      await world.as('alice', 'user.change-password', {
        ...{ username: 'alice', role: 'crypto-user', password: PASSWORD },
      })
      await assert.rejects(world.login('alice', 'admin', PASSWORD))
      await assert.rejects(world.login('ghost', 'admin', PASSWORD))
      const [created, changed, known, unknown] = (await entries()).slice(-4)
      assert.deepEqual([created?.outcome, created?.userRole], ['user-exists', 'admin'])
      assert.deepEqual([changed?.outcome, changed?.userRole], ['ok', 'crypto-user'])
      assert.deepEqual([known?.outcome, known?.role], ['bad-credentials', 'crypto-user'])
      assert.deepEqual([unknown?.outcome, unknown?.role], ['bad-credentials', undefined])
    })

    test('has no reads, no key use, no refusal of somebody not logged in, and no secret', async () => {
      const before = (await entries()).length
      const { pub } = await makePair(world, 'alice', { label: 'quiet' })
      await world.as('alice', 'key.list', { filter: [] })
      await assert.rejects(
        world.as('alice', 'crypto.sign', { filter: reference(pub), mechanism: ECDSA, data: [''] }),
      )
      await assert.rejects(
        world.hsm.call('user.create', { username: 'x', role: 'admin', password: PASSWORD }),
      )
      await assert.rejects(world.hsm.call('cluster.activate', { password: PASSWORD }))
      const after = await entries()
      assert.deepEqual(
        after.slice(before).map(({ operation }) => operation),
        ['key.generate-pair'],
      )
      assert.equal(JSON.stringify(after).includes(PASSWORD), false)
    })

    test('is read page by page by admins alone, and verifies', async () => {
      const all = await entries()
      assert.equal(verifyEntries(all), undefined)
      assert.deepEqual(
        (await world.as('admin', 'audit.list', { first: 2, count: 3 })).entries,
        all.slice(2, 5),
      )
      await assert.rejects(world.as('alice', 'audit.list', {}), { code: 'not-permitted' })
      await assert.rejects(world.hsm.call('audit.list', {}), { code: 'not-logged-in' })
    })
  })
}
