/** What the pipeline decides again when the work is done, in the transaction that commits it. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { byLabel, createWorld, makeAes, reference, type World } from '../../support/world.ts'

const CAROL = { username: 'carol', role: 'crypto-user' } as const

suite('between the work and its commit', () => {
  let world: World
  /** What happens then. */
  let meanwhile: (() => Promise<unknown>) | undefined
  let keys: () => number

  beforeEach(async () => {
    const memory = memoryStore()
    const engine = await testEngine({
      store: {
        ...memory,
        async transact(body) {
          const now = meanwhile
          meanwhile = undefined
          await now?.()
          return await memory.transact(body)
        },
      },
    })
    world = await createWorld(engine)
    keys = () => memory.catalog.keyCount()
  })

  for (const [how, end] of [
    ['logs out', () => world.as('carol', 'session.logout', {})],
    ['is logged out by an admin', () => world.as('admin', 'user.logout', CAROL)],
    ['is deleted', () => world.as('admin', 'user.delete', { ...CAROL, force: true })],
  ] as const) {
    test(`whoever asked ${how}: nothing is made`, async () => {
      meanwhile = end
      await assert.rejects(makeAes(world, 'carol', 'k'), fails('not-logged-in'))
      assert.equal(keys(), 0)
    })
  }

  test('a filter comes to mean another key: the one that the work was done with is meant', async () => {
    const [first, other] = [await makeAes(world, 'alice', 'a'), await makeAes(world, 'alice', 'b')]
    const rename = (key: string, label: string) =>
      world.as('alice', 'key.set-attribute', { filter: reference(key), attributes: { label } })
    const checkValue = async (key: string) => {
      const { matched_keys: found } = await world.as('alice', 'key.list', {
        filter: reference(key),
        verbose: true,
      })
      return Object(found[0]?.attributes)['check-value']
    }
    meanwhile = async () => {
      await rename(first, 'c')
      await rename(other, 'a')
    }
    const { key } = await world.as('alice', 'key.copy', { filter: byLabel('a') })
    assert.notEqual(await checkValue(first), await checkValue(other))
    assert.equal(await checkValue(key['key-reference']), await checkValue(first))
    assert.equal(key.attributes['label'], 'c')
  })
})
