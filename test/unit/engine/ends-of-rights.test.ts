/** What an HSM answers when another one has done, or does, what ends rights on both. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { alone } from '../../../src/cluster/cluster.ts'
import { type ErrorCode, HsmError } from '../../../src/contract/errors.ts'
import type { OperationName, Request } from '../../../src/contract/operations.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makePair, PASSWORD, reference, sign, type World } from '../../support/world.ts'

suite('two HSMs and the ends of rights', () => {
  let asked: string[]
  let unconfirmed: boolean
  let world: World
  let other: Engine

  beforeEach(async () => {
    asked = []
    unconfirmed = false
    const store = memoryStore()
    const lone = alone(() => ({ id: 'hsm-a', address: 'a.example', version: '1.2.3' }))
    const others: typeof lone.others = {
      ...lone.others,
      async inEffect() {
        asked.push('in effect')
        if (unconfirmed) throw new HsmError('unconfirmed', 'hsm-b has not confirmed')
        return 'acknowledged'
      },
    }
    world = await createWorld(await testEngine({ store, cluster: { ...lone, others } }))
    other = await testEngine({ store })
  })

  /** At the other HSM. */
  async function elsewhere<K extends OperationName>(
    username: 'alice' | 'admin',
    operation: K,
    request: Request<K>,
  ): Promise<void> {
    const role = username === 'admin' ? 'admin' : 'crypto-user'
    const { token } = await other.call('session.login', { username, role, password: PASSWORD })
    await other.call(operation, request, token)
  }

  const unshare = (key: string) =>
    elsewhere('alice', 'key.unshare', { filter: reference(key), usernames: ['bob'], role: 'crypto-user' })

  test('logins end that were opened here, whichever HSM is asked, and however', async () => {
    const account = { username: 'carol', role: 'crypto-user' } as const
    const ways = {
      'user.logout': () => elsewhere('admin', 'user.logout', account),
      'user.change-password': () =>
        elsewhere('admin', 'user.change-password', { ...account, password: 'new password' }),
      'user.delete': () => elsewhere('admin', 'user.delete', account),
    }
    let token = world.token('carol')
    for (const [name, act] of Object.entries(ways)) {
      await world.hsm.call('key.list', { filter: [] }, token)
      await act()
      await assert.rejects(world.hsm.call('key.list', { filter: [] }, token), fails('not-logged-in'), name)
      if (name === 'user.delete') return
      await elsewhere('admin', 'user.change-password', { ...account, password: PASSWORD })
      token = await world.login('carol')
    }
  })

  test('whoever ends logins waits until they have ended on every HSM', async () => {
    const account = { username: 'carol', role: 'crypto-user' } as const
    for (const [operation, request] of [
      ['user.logout', account],
      ['user.change-password', { ...account, password: 'new password', force: true }],
      ['user.delete', { ...account, force: true }],
    ] as const) {
      await world.login('bob')
      asked = []
      await world.as('admin', operation, request)
      assert.deepEqual(asked, ['in effect'], operation)
    }
  })

  suite('asked for what another HSM has done already, and may not have told anybody', () => {
    const account = { username: 'carol', role: 'crypto-user' } as const
    let key: string
    const bob = () => ({ usernames: ['bob'], role: 'crypto-user' as const })
    const one = () => ({ filter: reference(key) })
    const many = (keys: string[]) => ({ filter: [], keys, 'dry-run': false })

    /** Carried out elsewhere first, then asked for here; and how that is refused. */
    const asks: Readonly<Record<string, readonly [() => Promise<unknown>, () => Promise<unknown>, string?]>> =
      {
        'key unshare': [
          () => unshare(key),
          () => world.as('alice', 'key.unshare', { ...one(), ...bob() }),
          'not-shared',
        ],
        'key unshare --all-matching': [
          () => unshare(key),
          () => world.as('alice', 'key.unshare-many', { ...many([key]), ...bob() }),
        ],
        'key unshare --all-matching, when none is left to match': [
          () => unshare(key),
          () => world.as('alice', 'key.unshare-many', { ...many([]), ...bob() }),
        ],
        'key delete': [() => remove(), () => world.as('alice', 'key.delete', one()), 'key-selection'],
        'key delete --all-matching': [
          () => remove(),
          () => world.as('alice', 'key.delete-many', many([key])),
        ],
        'key delete --all-matching, when none is left to match': [
          () => remove(),
          () => world.as('alice', 'key.delete-many', many([])),
        ],
        'key set-attribute of a key that is gone': [
          () => remove(),
          () => world.as('alice', 'key.set-attribute', { ...one(), attributes: { sign: false } }),
          'key-selection',
        ],
        'key describe': [() => remove(), () => world.as('alice', 'key.describe', one()), 'key-selection'],
        'key list --shared-with somebody who is gone': [
          () => elsewhere('admin', 'user.delete', account),
          () => world.as('alice', 'key.list', { filter: [], 'shared-with': 'carol' }),
          'user-not-found',
        ],
        'user delete': [
          () => elsewhere('admin', 'user.delete', account),
          () => world.as('admin', 'user.delete', account),
          'user-not-found',
        ],
        'user change-password of a user who is gone': [
          () => elsewhere('admin', 'user.delete', account),
          () => world.as('admin', 'user.change-password', { ...account, password: 'new password' }),
          'user-not-found',
        ],
      }
    const remove = () => elsewhere('alice', 'key.delete', one())

    for (const [command, [there, here, refusal]] of Object.entries(asks)) {
      test(`${command}: waits until it is in effect, or says that it is not confirmed`, async () => {
        key = (await makePair(world, 'alice', { label: 'k', share: ['bob'] })).priv
        await there()
        asked = []
        await (refusal ? assert.rejects(here(), fails(refusal as ErrorCode)) : here())
        assert.deepEqual(asked, ['in effect'])
        unconfirmed = true
        await assert.rejects(here(), fails('unconfirmed'))
      })
    }

    test('what only tells how things stand here waits for nobody', async () => {
      key = (await makePair(world, 'alice', { label: 'k', share: ['bob'] })).priv
      await unshare(key)
      asked = []
      await world.as('alice', 'key.list', one())
      await world.as('alice', 'key.unshare-many', { ...many([key]), ...bob(), 'dry-run': true })
      await assert.rejects(sign(world, 'bob', key, 'x'), fails('key-selection'))
      await assert.rejects(world.login('nobody'), fails('bad-credentials'))
      assert.deepEqual(asked, [])
    })
  })
})
