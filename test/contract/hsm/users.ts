import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makeAes, PASSWORD, type World } from '../../support/world.ts'

/** Activation, users, logins and lockout, as any HSM must do them. */
export function usersContract(open: () => Promise<Hsm>): void {
  suite('a new cluster', () => {
    test('lists its users, lets nobody in, and is activated once', async () => {
      const hsm = await open()
      const { users } = await hsm.call('user.list', {})
      assert.deepEqual(
        users.map((user) => [user.username, user.role, user.locked]),
        [
          ['admin', 'unactivated-admin', 'false'],
          ['app_user', 'internal(APPLIANCE_USER)', 'false'],
        ],
      )
      const login = { username: 'admin', role: 'admin', password: PASSWORD } as const
      await assert.rejects(hsm.call('session.login', login), fails('cluster-not-activated'))
      await assert.rejects(
        hsm.call('cluster.activate', { password: 'short' }),
        fails('invalid-request', /^Password must be 8 to 32/),
      )
      await hsm.call('cluster.activate', { password: PASSWORD })
      await assert.rejects(
        hsm.call('cluster.activate', { password: PASSWORD }),
        fails('cluster-already-activated'),
      )
      assert.equal((await hsm.call('session.login', login)).role, 'admin')
      assert.equal((await hsm.call('user.list', {})).users[0]?.role, 'admin')
      assert.equal((await hsm.call('cluster.status', {})).state, 'ACTIVE')
    })
  })

  suite('users', () => {
    let world: World
    before(async () => {
      world = await createWorld(await open())
    })
    const create = (username: string, role: 'admin' | 'crypto-user' = 'crypto-user', password = PASSWORD) =>
      world.as('admin', 'user.create', { username, role, password })

    test('hsm-info has the ten compatible fields, all strings', async () => {
      const { hsms } = await world.hsm.call('cluster.hsm-info', {})
      assert.equal(hsms.length, 1)
      assert.deepEqual(Object.keys(hsms[0] ?? {}).slice(0, 10), [
        'vendor',
        'model',
        'serial-number',
        'hardware-version-major',
        'hardware-version-minor',
        'firmware-version-major',
        'firmware-version-minor',
        'firmware-build-number',
        'firmware-id',
        'fips-state',
      ])
      assert.ok(Object.values(hsms[0] ?? {}).every((value) => typeof value === 'string'))
    })

    test('are created by an admin, listed in order with the appliance user last', async () => {
      assert.deepEqual(await create('Dora_1'), { username: 'dora_1', role: 'crypto-user' })
      const { users } = await world.hsm.call('user.list', {})
      assert.deepEqual(
        users.map(({ username }) => username),
        ['admin', 'alice', 'bob', 'carol', 'dora_1', 'app_user'],
      )
      assert.deepEqual(Object.keys(users[0] ?? {}), [
        'username',
        'role',
        'locked',
        'mfa',
        'quorum',
        'cluster-coverage',
      ])
      await assert.rejects(create('DORA_1'), fails('user-exists', 'User already exists'))
      await assert.rejects(create('app_user'), fails('user-exists'))
      const byUser = world.as('alice', 'user.create', {
        username: 'eve',
        role: 'crypto-user',
        password: PASSWORD,
      })
      await assert.rejects(byUser, fails('not-permitted'))
      await assert.rejects(
        world.hsm.call('user.create', { username: 'eve', role: 'crypto-user', password: PASSWORD }),
        fails('not-logged-in'),
      )
    })

    test('have names and passwords by the rules', async () => {
      await assert.rejects(
        create('a-b'),
        fails('invalid-request', "Invalid username: character '-' is not allowed"),
      )
      await assert.rejects(create(''), fails('invalid-request', /^Invalid username/))
      await assert.rejects(create('x'.repeat(32)), fails('invalid-request', /at most 31/))
      await assert.rejects(
        create('x', 'crypto-user', 'seven77'),
        fails('invalid-request', 'Password must be 8 to 32 characters'),
      )
      await assert.rejects(
        create('x', 'crypto-user', 'x'.repeat(33)),
        fails('invalid-request', 'Password must be 8 to 32 characters'),
      )
      await assert.rejects(
        create('x', 'crypto-user', 'with:colon'),
        fails('invalid-request', "Password must not contain ':'"),
      )
    })

    test('are deleted when they exist in that role, own nothing and are logged out', async () => {
      await create('temp')
      const remove = (username: string, role: 'admin' | 'crypto-user' = 'crypto-user') =>
        world.as('admin', 'user.delete', { username, role })
      await assert.rejects(remove('ghost'), fails('user-not-found', 'Specified user does not exist'))
      await assert.rejects(remove('temp', 'admin'), fails('user-not-found'))
      const token = await world.login('temp')
      await assert.rejects(remove('temp'), fails('user-logged-in', /^User is currently logged in on hsm-/))
      await world.hsm.call('session.logout', {}, token)
      assert.deepEqual(await remove('TEMP'), { username: 'temp', role: 'crypto-user' })
      await makeAes(world, 'carol', 'owned')
      await world.hsm.call('session.logout', {}, world.token('carol'))
      await assert.rejects(remove('carol'), fails('user-owns-keys', 'User owns keys and cannot be deleted'))
      await assert.rejects(remove('admin', 'admin'), fails('user-logged-in'))
    })

    test('are deleted with their logins when an admin insists, but nobody is by himself', async () => {
      await create('temp')
      const tokens = [await world.login('temp'), await world.login('temp')]
      const remove = (username: string, role: 'admin' | 'crypto-user') =>
        world.as('admin', 'user.delete', { username, role, force: true })
      await remove('temp', 'crypto-user')
      for (const token of tokens)
        await assert.rejects(world.hsm.call('key.list', { filter: [] }, token), fails('not-logged-in'))
      await assert.rejects(world.login('temp'), fails('bad-credentials'))
      await assert.rejects(
        remove('admin', 'admin'),
        fails('user-logged-in', 'Users cannot delete themselves'),
      )
    })

    test('are logged out everywhere by an admin, and by themselves but for the login that asks', async () => {
      await create('temp')
      const account = { username: 'temp', role: 'crypto-user' } as const
      const alive = (token: string) =>
        world.hsm.call('key.list', { filter: [] }, token).then(
          () => true,
          ({ code }: HsmError) => code,
        )
      const [one, two] = [await world.login('temp'), await world.login('temp')]
      assert.deepEqual(await world.hsm.call('user.logout', account, one), account)
      assert.deepEqual([await alive(one), await alive(two)], [true, 'not-logged-in'])
      const three = await world.login('temp')
      await world.as('admin', 'user.logout', account)
      assert.deepEqual([await alive(one), await alive(three)], ['not-logged-in', 'not-logged-in'])
      assert.equal(await alive(world.token('alice')), true, 'nobody else')
      await world.login('temp')
      await assert.rejects(world.as('alice', 'user.logout', account), fails('not-permitted'))
      await assert.rejects(world.hsm.call('user.logout', account), fails('not-logged-in'))
      const ghost = { ...account, username: 'ghost' }
      await assert.rejects(world.as('admin', 'user.logout', ghost), fails('user-not-found'))
      await assert.rejects(
        world.as('admin', 'user.logout', { ...account, role: 'admin' }),
        fails('user-not-found'),
      )
      const { entries } = await world.as('admin', 'audit.list', { count: 1000 })
      const logged = entries.filter(({ operation }) => operation === 'user.logout')
      assert.deepEqual(
        logged.map(({ actor, outcome, subjects }) => [actor, outcome, subjects.includes('user/temp')]),
        [
          ['temp', 'ok', true],
          ['admin', 'ok', true],
          ['alice', 'not-permitted', true],
          ['admin', 'user-not-found', false],
          ['admin', 'user-not-found', true],
        ],
      )
    })

    test('log in by name in any letter case, and get one answer for every wrong login', async () => {
      const tries = [
        ['alice', 'wrong password'],
        ['nobody_here', PASSWORD],
        ['app_user', PASSWORD],
      ] as const
      for (const [username, password] of tries) {
        await assert.rejects(
          world.login(username, 'crypto-user', password),
          fails('bad-credentials', 'Incorrect authentication credentials'),
        )
      }
      await assert.rejects(world.login('alice', 'admin'), fails('bad-credentials'))
      const token = await world.login('ALICE')
      await world.hsm.call('key.list', { filter: [] }, token)
      await world.hsm.call('session.logout', {}, token)
      await assert.rejects(world.hsm.call('key.list', { filter: [] }, token), fails('not-logged-in'))
      await assert.rejects(
        world.hsm.call('key.list', { filter: [] }, 'no such token'),
        fails('not-logged-in'),
      )
    })

    test('are locked by the sixth wrong password, also when they come all at once, until an admin unlocks', async () => {
      await create('lock_me')
      const wrong = () => world.login('lock_me', 'crypto-user', 'wrong password').catch(({ code }) => code)
      const answers = await Promise.all(Array.from({ length: 10 }, wrong))
      assert.deepEqual(answers.filter((answer) => answer === 'bad-credentials').length, 6)
      assert.deepEqual(answers.filter((answer) => answer === 'user-locked').length, 4)
      await assert.rejects(world.login('lock_me'), fails('user-locked', 'User is locked'))
      const locked = (await world.hsm.call('user.list', {})).users.find(
        ({ username }) => username === 'lock_me',
      )
      assert.equal(locked?.locked, 'true')
      await world.as('admin', 'user.change-password', {
        username: 'lock_me',
        role: 'crypto-user',
        password: 'another one',
      })
      await world.login('lock_me', 'crypto-user', 'another one')
    })

    test('forget wrong passwords after a good one', async () => {
      await create('forgiven')
      for (let round = 0; round < 2; round++) {
        for (let tries = 0; tries < 5; tries++)
          await assert.rejects(world.login('forgiven', 'crypto-user', 'wrong password'))
        await world.login('forgiven')
      }
    })

    test('change their own password, which ends their other sessions and keeps this one', async () => {
      await create('changer')
      const [first, second] = [await world.login('changer'), await world.login('changer')]
      const change = (password: string, token: string) =>
        world.hsm.call('user.change-password', { username: 'changer', role: 'crypto-user', password }, token)
      assert.deepEqual(await change('new password', first), { username: 'changer', role: 'crypto-user' })
      await world.hsm.call('key.list', { filter: [] }, first)
      await assert.rejects(world.hsm.call('key.list', { filter: [] }, second), fails('not-logged-in'))
      await assert.rejects(world.login('changer'), fails('bad-credentials'))
      const third = await world.login('changer', 'crypto-user', 'new password')
      await change('newest password', third)
      await assert.rejects(world.hsm.call('key.list', { filter: [] }, first), fails('not-logged-in'))
    })

    test('change nobody else’s password, and an admin not that of someone logged in', async () => {
      const to = { role: 'crypto-user', password: 'new password' } as const
      await assert.rejects(
        world.as('alice', 'user.change-password', { username: 'bob', ...to }),
        fails('not-permitted'),
      )
      await assert.rejects(
        world.as('alice', 'user.change-password', { username: 'ghost', ...to }),
        fails('not-permitted'),
      )
      await assert.rejects(
        world.as('admin', 'user.change-password', { username: 'bob', ...to }),
        fails('user-logged-in', /^User is currently logged in on hsm-/),
      )
      await world.as('admin', 'user.change-password', { username: 'bob', ...to, force: true })
      await assert.rejects(world.as('bob', 'key.list', { filter: [] }), fails('not-logged-in'))
      await world.login('bob', 'crypto-user', to.password)
      await assert.rejects(
        world.as('admin', 'user.change-password', { username: 'ghost', ...to }),
        fails('user-not-found'),
      )
    })
  })
}
