/** Material is read at the first use of a key. What happens to the key meanwhile counts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { recordKey } from '../../../src/model/records.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { base64, createWorld, ECDSA, makePair, PASSWORD, reference } from '../../support/world.ts'

/** A store whose materials are read when the test says so, and are at hand when they were read. */
function readingStore() {
  const store = memoryStore()
  const asked: string[] = []
  const read = new Set<string>()
  let gate: PromiseWithResolvers<void> | undefined
  const hasMaterial: Store['hasMaterial'] = (key) => gate === undefined || read.has(key)
  const material: Store['material'] = (key) => {
    if (hasMaterial(key)) return store.material(key)
    asked.push(key)
    return (gate?.promise ?? Promise.resolve()).then(() => {
      read.add(key)
      return store.material(key)
    })
  }
  return {
    store: { ...store, material, hasMaterial },
    asked,
    /** From now on reading waits, and what was read is at hand no more. */
    hold() {
      read.clear()
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

  test('is refused when the share is taken back meanwhile, which does not wait for it', async () => {
    const { hold, release, sign, world, bob, engine } = await start()
    const gate = hold()
    const refused = assert.rejects(sign('bob'), fails('key-selection'))
    await later()
    await world.as('alice', 'key.unshare', bob)
    gate.resolve()
    await refused
    release()
    assert.equal((await sign('alice')).signatures.length, 1)
    await engine.close()
  })

  test('is refused when the key is deleted meanwhile, which does not wait for it', async () => {
    const { hold, sign, world, priv, engine } = await start()
    const gate = hold()
    const refused = assert.rejects(sign('bob'), fails('revoked'))
    await later()
    await world.as('alice', 'key.delete', { filter: reference(priv) })
    gate.resolve()
    await refused
    await engine.close()
  })

  test('is decided on anew when the right was taken back and given again meanwhile', async () => {
    const { hold, sign, world, bob, engine } = await start()
    const gate = hold()
    const use = sign('bob')
    await later()
    await world.as('alice', 'key.unshare', bob)
    await world.as('alice', 'key.share', bob)
    gate.resolve()
    assert.equal((await use).signatures.length, 1)
    await engine.close()
  })

  test('is refused when the material is gone again each time it was read', async () => {
    const { store, engine: first, priv } = await start()
    let asked = 0
    const material: Store['material'] = (key) => {
      asked += 1
      return Promise.resolve(store.material(key))
    }
    const engine = await testEngine({ store: { ...store, material, hasMaterial: () => false } })
    const { token } = await engine.call('session.login', {
      username: 'alice',
      role: 'crypto-user',
      password: PASSWORD,
    })
    const signing = { filter: reference(priv), mechanism: ECDSA, data: [base64('text')] }
    await assert.rejects(engine.call('crypto.sign', signing, token), fails('busy'))
    assert.equal(asked, 4)
    await engine.close()
    await first.close()
  })

  test('fails when the material cannot be read, and the next one reads it anew', async () => {
    const { asked, hold, release, sign, engine } = await start()
    const gate = hold()
    const failed = [sign('alice'), sign('bob')].map((use) => assert.rejects(use, fails('store-damaged')))
    await later()
    gate.reject(new HsmError('store-damaged'))
    await Promise.all(failed)
    hold().resolve()
    assert.equal((await sign('alice')).signatures.length, 1)
    assert.equal(asked.length, 2)
    release()
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
