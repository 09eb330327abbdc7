/** An HSM on a store of its own serves for as long as that is what was written. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { messageParts, signing } from '../../support/message-parts.ts'
import { createWorld, ECDSA, makePair, sign } from '../../support/world.ts'

const DAMAGE = 'Record key/1 is damaged: it was changed or moved'

async function start() {
  const store = memoryStore()
  let damage: HsmError | undefined
  let reading: PromiseWithResolvers<void> | undefined
  const engine = await testEngine({
    store: {
      ...store,
      check() {
        if (damage) throw damage
      },
      transact: async (body) => {
        if (damage) throw damage
        return store.transact(body)
      },
      hasMaterial: () => reading === undefined,
      material: (key) => reading?.promise.then(() => store.material(key)) ?? store.material(key),
    },
  })
  const world = await createWorld(engine)
  const { priv } = await makePair(world, 'alice', { label: 'k' })
  return {
    engine,
    world,
    priv,
    find() {
      damage = new HsmError('store-damaged', DAMAGE)
    },
    /** Material is read from now on, and there when what this returns is resolved. */
    hold() {
      reading = Promise.withResolvers()
      return reading
    },
  }
}

const damaged = fails('store-damaged', new RegExp(DAMAGE))

suite('an HSM whose store is found to be damaged', () => {
  test('serves nothing of what is in memory, but says so, and ends sessions', async () => {
    const { engine, world, priv, find } = await start()
    await sign(world, 'alice', priv, 'x')
    assert.equal((await engine.call('cluster.status', {})).serving, true)
    const message = messageParts(world)
    const { stream } = await message.begin(signing(priv, ECDSA))
    find()
    await assert.rejects(sign(world, 'alice', priv, 'x'), damaged)
    await assert.rejects(message.finish(stream), damaged)
    await assert.rejects(world.as('alice', 'key.list', { filter: [] }), damaged)
    await assert.rejects(world.as('admin', 'user.list', {}), damaged)
    await assert.rejects(world.as('admin', 'audit.list', {}), damaged)
    await assert.rejects(world.login('bob'), damaged)
    assert.equal((await engine.call('cluster.status', {})).serving, false)
    assert.equal((await engine.call('cluster.hsm-info', {})).hsms.length, 1)
    await world.as('alice', 'session.logout', {})
    assert.equal((await engine.call('cluster.status', {})).sessions, 3)
    await engine.close()
  })

  test('does not release what a use under way has made', async () => {
    const { engine, world, priv, find, hold } = await start()
    const gate = hold()
    const use = sign(world, 'alice', priv, 'x')
    find()
    gate.resolve()
    await assert.rejects(use, damaged)
    await engine.close()
  })
})
