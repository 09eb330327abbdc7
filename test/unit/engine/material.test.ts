/** Material is read at the first use of a key. What happens to the key meanwhile counts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { recordKey } from '../../../src/model/records.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { base64, createWorld, ECDSA, makePair, reference } from '../../support/world.ts'

/** A store whose materials are read when the test says so. */
function readingStore() {
  const store = memoryStore()
  const asked: string[] = []
  let gate: PromiseWithResolvers<void> | undefined
  const material: Store['material'] = (key) => {
    asked.push(key)
    return gate ? gate.promise.then(() => store.material(key)) : store.material(key)
  }
  return {
    store: { ...store, material },
    asked,
    /** From now on reading waits. */
    hold() {
      gate = Promise.withResolvers()
      gate.promise.catch(() => undefined)
      return gate
    },
    release() {
      gate = undefined
    },
  }
}

async function start() {
  const reading = readingStore()
  const engine = await testEngine({ store: reading.store })
  const world = await createWorld(engine)
  const { priv } = await makePair(world, 'alice', { label: 'k', share: ['bob'] })
  reading.asked.length = 0
  const sign = (who: 'alice' | 'bob') =>
    world.as(who, 'crypto.sign', { filter: reference(priv), mechanism: ECDSA, data: [base64('text')] })
  const bob = { filter: reference(priv), usernames: ['bob'], role: 'crypto-user' as const }
  return { ...reading, engine, world, priv, key: `key/${priv}`, sign, bob }
}

const later = () => new Promise((resolve) => setImmediate(resolve))

suite('the first use of a key', () => {
  test('reads its material, once for all who use it meanwhile, and no use after that does', async () => {
    const { asked, hold, release, key, sign, engine } = await start()
    const gate = hold()
    const uses = [sign('alice'), sign('bob'), sign('alice')]
    await later()
    assert.deepEqual(asked, [key])
    gate.resolve()
    for (const { signatures } of await Promise.all(uses)) assert.equal(signatures.length, 1)
    // The store may be gone by now.
    hold().reject(new Error('not to be asked'))
    assert.equal((await sign('bob')).signatures.length, 1)
    assert.deepEqual(asked, [key])
    release()
    await engine.close()
  })

  test('is refused when the share is taken back meanwhile, which waits for it', async () => {
    const { hold, release, sign, world, bob, engine } = await start()
    const gate = hold()
    const use = sign('bob')
    const refused = assert.rejects(use, fails('revoked'))
    await later()
    let done = false
    const unshare = world.as('alice', 'key.unshare', bob).then(() => {
      done = true
    })
    for (let turn = 0; turn < 5; turn++) await later()
    assert.equal(done, false)
    gate.resolve()
    await refused
    await unshare
    release()
    await assert.rejects(sign('bob'), fails('key-selection'))
    assert.equal((await sign('alice')).signatures.length, 1)
    await engine.close()
  })

  test('is refused when the key is deleted meanwhile', async () => {
    const { hold, sign, world, priv, engine } = await start()
    const gate = hold()
    const refused = assert.rejects(sign('bob'), fails('revoked'))
    await later()
    const deleted = world.as('alice', 'key.delete', { filter: reference(priv) })
    for (let turn = 0; turn < 5; turn++) await later()
    gate.resolve()
    await refused
    await deleted
    await engine.close()
  })

  test('fails when the material cannot be read, and the next one reads it anew', async () => {
    const { asked, hold, release, sign, engine } = await start()
    const gate = hold()
    const failed = [sign('alice'), sign('bob')].map((use) => assert.rejects(use, fails('store-damaged')))
    await later()
    gate.reject(new HsmError('store-damaged'))
    await Promise.all(failed)
    release()
    assert.equal((await sign('alice')).signatures.length, 1)
    assert.equal(asked.length, 2)
    await engine.close()
  })
})

test('a session key is in no store, and takes its material along when it becomes a token key', async () => {
  const { asked, engine, world, store } = await start()
  const { priv } = await makePair(world, 'carol', { label: 'own', session: true })
  const signing = { filter: reference(priv), mechanism: ECDSA, data: [base64('text')] }
  await world.as('carol', 'crypto.sign', signing)
  assert.deepEqual(asked, [])
  await world.as('carol', 'key.set-attribute', { filter: reference(priv), attributes: { token: true } })
  const key = store.catalog.key(priv)
  assert.ok(key?.flags.token)
  assert.equal(typeof (await store.material(recordKey(key))), 'string')
  assert.equal((await world.as('carol', 'crypto.sign', signing)).signatures.length, 1)
  await engine.close()
})

test('nothing that is in memory of a key is its material', async () => {
  const { engine, store, key } = await start()
  const material = await store.material(key as 'key/x')
  assert.ok(material.length > 100)
  assert.ok(!JSON.stringify([...store.catalog.records()]).includes(material.slice(0, 40)))
  await engine.close()
})
