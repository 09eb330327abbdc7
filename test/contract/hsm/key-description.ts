import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Reply } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makeAes, PASSWORD, type Person, reference, type World } from '../../support/world.ts'

/** Who is told about a key, and what. That it is true is a property test's to find out. */
export function keyDescriptionContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const describe = (who: Person, key: string) => world.as(who, 'key.describe', { filter: reference(key) })
  const parties = ({ rights }: Reply<'key.describe'>) =>
    rights.map(({ who, usernames, allowed }) => [who, usernames, allowed.map(({ operation }) => operation)])

  suite('description of a key', () => {
    test('tells whoever holds it who else does, and an admin no more than reference and label', async () => {
      const key = await makeAes(world, 'alice', 'described')
      const gone = { username: 'gone', role: 'crypto-user' } as const
      await world.as('admin', 'user.create', { ...gone, password: PASSWORD })
      await world.as('alice', 'key.share', {
        filter: reference(key),
        usernames: ['gone', 'bob'],
        role: 'crypto-user',
      })
      await world.as('admin', 'user.delete', gone)
      const told = await describe('alice', key)
      const uses = ['sign', 'verify']
      assert.deepEqual(parties(told), [
        [
          'owner',
          ['alice'],
          [...uses, 'export', 'copy', 'replicate', 'share', 'unshare', 'delete', 'set-attribute'],
        ],
        ['shared-users', ['bob'], uses],
        ['other-crypto-users', [], []],
        ['admins', [], ['replicate', 'set-attribute']],
      ])
      assert.deepEqual(await describe('bob', key), told)
      const { matched_keys } = await world.as('alice', 'key.list', { filter: reference(key), verbose: true })
      assert.deepEqual(told.key, matched_keys[0])
      await assert.rejects(describe('carol', key), fails('key-selection'))
      assert.deepEqual(await describe('admin', key), {
        key: { 'key-reference': key, attributes: { label: 'described' } },
        rights: told.rights.slice(-1),
      })
    })

    test('says why, in the words in which the HSM refuses', async () => {
      const key = await makeAes(world, 'alice', 'frozen')
      const attributes = { 'wrap-with-trusted': true, sign: false, modifiable: false }
      await world.as('alice', 'key.set-attribute', { filter: reference(key), attributes })
      const [owner] = (await describe('alice', key)).rights
      const reasons = new Map(
        owner?.refused.flatMap(({ reason, operations }) => operations.map((o) => [o, reason])),
      )
      assert.equal(reasons.get('sign'), 'The key cannot sign: its attribute sign is false')
      assert.equal(reasons.get('set-attribute'), 'Key is not modifiable')
      const taken = owner?.allowed.find(({ operation }) => operation === 'export')
      assert.deepEqual(taken?.limits, ['The key can only be wrapped with a trusted key'])
      assert.equal(owner?.standing, 'The user owns the key')
    })
  })
}
