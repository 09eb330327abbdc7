import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { KeyObject } from '../../../src/contract/key-object.ts'
import { fails } from '../../support/errors.ts'
import {
  byLabel,
  createWorld,
  makeAes,
  makePair,
  PASSWORD,
  type Person,
  reference,
  sign,
  type World,
} from '../../support/world.ts'

const matched = (count: number) =>
  fails(
    'key-selection',
    `Key selection criteria matched ${count} keys. Refine selection criteria to select a single key.`,
  )

/** Keys: made, found, shared, taken back, changed and deleted, as any HSM must do it. */
export function keysContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const list = (who: Person, filter: string[], more = {}) => world.as(who, 'key.list', { filter, ...more })
  const verbose = async (who: Person, filter: string[]) =>
    (await list(who, filter, { verbose: true, 'max-items': 100 })).matched_keys as KeyObject[]
  const share = (who: Person, key: string, ...usernames: string[]) =>
    world.as(who, 'key.share', { filter: reference(key), usernames, role: 'crypto-user' })
  const unshare = (who: Person, key: string, ...usernames: string[]) =>
    world.as(who, 'key.unshare', { filter: reference(key), usernames, role: 'crypto-user' })
  const sharedWith = async (key: string) => {
    const [found] = await verbose('alice', reference(key))
    return found?.['key-info']['shared-users'].map(({ username }) => username)
  }

  suite('share and unshare', () => {
    test('a shared user sees and uses the key until it is taken back', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'shared' })
      assert.equal((await list('bob', reference(priv))).total_key_count, 0)
      await assert.rejects(sign(world, 'bob', priv, 'x'), matched(0))
      await share('alice', priv, 'BOB', 'carol')
      assert.deepEqual(await sharedWith(priv), ['bob', 'carol'])
      assert.equal(Buffer.from(await sign(world, 'bob', priv, 'x'), 'base64').length, 64)
      await unshare('alice', priv, 'bob')
      assert.deepEqual(await sharedWith(priv), ['carol'])
      assert.equal((await list('bob', reference(priv))).total_key_count, 0)
      await assert.rejects(sign(world, 'bob', priv, 'x'), matched(0))
      await sign(world, 'carol', priv, 'x')
    })

    test('a shared user may not manage the key', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'managed', share: ['bob'] })
      const filter = reference(priv)
      await assert.rejects(share('bob', priv, 'carol'), fails('not-owner', 'User does not own the key'))
      await assert.rejects(unshare('bob', priv, 'bob'), fails('not-owner'))
      await assert.rejects(world.as('bob', 'key.delete', { filter }), fails('not-owner'))
      await assert.rejects(
        world.as('bob', 'key.set-attribute', { filter, attributes: { label: 'mine' } }),
        fails('not-owner'),
      )
    })

    test('the errors of the reference', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'errors', share: ['bob'] })
      await assert.rejects(share('alice', priv, 'ghost'), fails('user-not-found', 'User ghost not found'))
      await assert.rejects(share('alice', priv, 'admin'), fails('user-not-found', 'User admin not found'))
      await assert.rejects(
        share('alice', priv, 'alice'),
        fails('share-owner', 'Key is already owned by this user'),
      )
      await assert.rejects(
        share('alice', priv, 'bob'),
        fails('already-shared', 'Key is already shared with this user'),
      )
      await assert.rejects(
        unshare('alice', priv, 'carol'),
        fails('not-shared', 'Key is not shared with this user'),
      )
      const asAdmin = world.as('alice', 'key.share', {
        filter: reference(priv),
        usernames: ['carol'],
        role: 'admin',
      })
      await assert.rejects(asAdmin, fails('share-role', 'Keys can only be shared with crypto users'))
      await assert.rejects(share('alice', '0xdead', 'bob'), matched(0))
      await assert.rejects(share('admin', priv, 'carol'), fails('not-permitted'))
      const { priv: passing } = await makePair(world, 'alice', { label: 'passing', session: true })
      await assert.rejects(share('alice', passing, 'bob'), fails('session-key'))
    })

    test('a user made anew under an old name has none of the old shares', async () => {
      const phoenix = { username: 'phoenix', role: 'crypto-user' } as const
      await world.as('admin', 'user.create', { ...phoenix, password: PASSWORD })
      const { priv } = await makePair(world, 'alice', { label: 'ashes', share: ['phoenix', 'bob'] })
      await world.as('admin', 'user.delete', phoenix)
      assert.deepEqual(await sharedWith(priv), ['bob'])
      await world.as('admin', 'user.create', { ...phoenix, password: PASSWORD })
      const token = await world.login('phoenix')
      const seen = await world.hsm.call('key.list', { filter: reference(priv) }, token)
      assert.equal(seen.total_key_count, 0)
      await share('alice', priv, 'phoenix')
      assert.deepEqual(await sharedWith(priv), ['bob', 'phoenix'])
    })
  })

  suite('list', () => {
    test('filters are equalities that must all hold', async () => {
      const aes = await makeAes(world, 'alice', 'filtered: two words')
      const cases: readonly [string[], number][] = [
        [['attr.label=filtered: two words'], 1],
        [
          ['attr.label=filtered: two words', 'attr.key-type=aes', 'attr.class=secret-key', 'attr.sign=TRUE'],
          1,
        ],
        [['attr.label=filtered: two words', 'attr.class=private-key'], 0],
        [['attr.label=filtered: two words', 'attr.label=other'], 0],
        [[`key-reference=${aes}`, 'attr.key-length-bytes=32', 'attr.id=0x', 'attr.id='], 1],
        [[`key-reference=${BigInt(aes)}`], 1],
        [[`key-reference=0x${BigInt(aes).toString(16)}`, 'attr.wrap=false'], 1],
        [['attr.label=filtered*'], 0],
      ]
      for (const [filter, count] of cases)
        assert.equal((await list('alice', filter)).total_key_count, count, filter.join(' '))
    })

    test('pages in the order of references, with offsets for tokens', async () => {
      const labels = ['p1', 'p2', 'p3', 'p4', 'p5']
      for (const label of labels) {
        await world.as('alice', 'key.generate-symmetric', {
          'key-type': 'generic-secret',
          'key-length-bytes': 5,
          label,
          attributes: { id: '0x77' },
        })
      }
      const filter = ['attr.id=0x77']
      const pages: string[][] = []
      let token: string | undefined
      do {
        const page = await list('alice', filter, {
          'max-items': 2,
          ...(token && { 'starting-token': token }),
        })
        assert.equal(page.total_key_count, 5)
        assert.equal(page.returned_key_count, page.matched_keys.length)
        pages.push(page.matched_keys.map(({ attributes }) => String(attributes['label'])))
        token = page.next_token
      } while (token)
      assert.deepEqual(pages, [['p1', 'p2'], ['p3', 'p4'], ['p5']])
      const beyond = await list('alice', filter, { 'starting-token': '99' })
      assert.deepEqual(
        [beyond.returned_key_count, beyond.total_key_count, 'next_token' in beyond],
        [0, 5, false],
      )
      for (const bad of ['-1', 'x', '1.5', '']) {
        await assert.rejects(list('alice', filter, { 'starting-token': bad }), fails('invalid-paging'))
      }
    })

    test('an admin sees reference and label of every token key, and nothing more', async () => {
      const aes = await makeAes(world, 'alice', 'for the admin')
      const { priv: passing } = await makePair(world, 'alice', { label: 'passing', session: true })
      const { matched_keys } = await list('admin', reference(aes), { verbose: true })
      assert.deepEqual(matched_keys, [{ 'key-reference': aes, attributes: { label: 'for the admin' } }])
      assert.equal((await list('admin', reference(passing))).total_key_count, 0)
    })

    test('public keys are everybody’s to see, other keys are not', async () => {
      const { pub, priv } = await makePair(world, 'alice', { label: 'halves' })
      assert.equal((await list('bob', reference(pub))).total_key_count, 1)
      assert.equal((await list('bob', reference(priv))).total_key_count, 0)
    })
  })

  suite('session keys', () => {
    test('belong to one login and die with it', async () => {
      const [here, there] = [await world.login('alice'), await world.login('alice')]
      const make = { 'key-type': 'aes', 'key-length-bytes': 16, label: 'brief', session: true } as const
      const { key } = await world.hsm.call('key.generate-symmetric', make, here)
      assert.equal(key.attributes['token'], false)
      const seenBy = async (token: string) =>
        (await world.hsm.call('key.list', { filter: byLabel('brief') }, token)).total_key_count
      assert.deepEqual([await seenBy(here), await seenBy(there)], [1, 0])
      await world.hsm.call('session.logout', {}, here)
      assert.equal(await seenBy(await world.login('alice')), 0)
    })

    test('become token keys under the same reference', async () => {
      const token = await world.login('alice')
      const make = { 'key-type': 'aes', 'key-length-bytes': 16, label: 'kept', session: true } as const
      const { key } = await world.hsm.call('key.generate-symmetric', make, token)
      const filter = reference(key['key-reference'])
      await world.hsm.call('key.set-attribute', { filter, attributes: { token: true } }, token)
      assert.equal((await world.hsm.call('key.list', { filter }, token)).total_key_count, 1)
      await world.hsm.call('session.logout', {}, token)
      assert.equal((await list('alice', filter)).total_key_count, 1)
    })
  })

  suite('attributes and deletion', () => {
    const set = (who: Person, key: string, name: string, value: boolean | string) =>
      world.as(who, 'key.set-attribute', { filter: reference(key), attributes: { [name]: value } })

    test('set, kept, refused in the words of the reference', async () => {
      const aes = await makeAes(world, 'alice', 'settable')
      await set('alice', aes, 'label', 'settled')
      await set('alice', aes, 'wrap', true)
      await set('alice', aes, 'extractable', false)
      const refused = 'Attribute extractable cannot be set to the value true by the user for this operation'
      await assert.rejects(set('alice', aes, 'extractable', true), fails('attribute-refused', refused))
      await assert.rejects(set('alice', aes, 'trusted', true), fails('attribute-refused'))
      await assert.rejects(set('admin', aes, 'label', 'x'), fails('attribute-refused'))
      await set('admin', aes, 'trusted', true)
      const [key] = await verbose('alice', byLabel('settled'))
      const { wrap, extractable, trusted, 'never-extractable': never } = key?.attributes ?? {}
      assert.deepEqual([wrap, extractable, trusted, never], [true, false, true, false])
    })

    test('a key that is not destroyable stays until it is', async () => {
      const aes = await makeAes(world, 'alice', 'lasting')
      await set('alice', aes, 'destroyable', false)
      await assert.rejects(
        world.as('alice', 'key.delete', { filter: reference(aes) }),
        fails('not-destroyable'),
      )
      await set('alice', aes, 'destroyable', true)
      await world.as('alice', 'key.delete', { filter: reference(aes) })
      await assert.rejects(world.as('alice', 'key.delete', { filter: reference(aes) }), matched(0))
    })

    test('deleting one half of a pair leaves the other, and two matches delete nothing', async () => {
      const { pub, priv } = await makePair(world, 'alice', { label: 'half' })
      await assert.rejects(
        world.as('alice', 'key.delete', { filter: ['attr.class=private-key'] }),
        fails('key-selection'),
      )
      await world.as('alice', 'key.delete', { filter: reference(priv) })
      assert.equal((await list('alice', reference(pub))).total_key_count, 1)
    })
  })
}
