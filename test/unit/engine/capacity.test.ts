/** An HSM is as full as its type says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../../src/store/memory.ts'
import { testEngine } from '../../support/engine.ts'
import { fails } from '../../support/errors.ts'
import { aKey, aUser } from '../../support/records.ts'
import { createWorld, makeAes, makePair, PASSWORD, reference } from '../../support/world.ts'

test('hsm1.medium has room for 3,300 keys of any type and 250 users', async () => {
  const store = memoryStore()
  const engine = await testEngine({ store, profile: { hsmType: 'hsm1.medium' } })
  const world = await createWorld(engine)
  const keys = Array.from({ length: 3_298 }, (_, at) =>
    aKey({ keyType: 'rsa', id: `0x00000001${String(at).padStart(8, '0')}` }),
  )
  // A world has five of its own.
  const users = Array.from({ length: 245 }, (_, at) => aUser({ id: `u-${at}`, username: `user_${at}` }))
  const writes = [...keys.map((put) => ({ put, material: '' })), ...users.map((put) => ({ put }))]
  await store.transact(() => ({ writes, audit: [], result: undefined }))

  const full = fails('key-capacity', 'The HSM has reached its key capacity')
  const made = await makeAes(world, 'alice', 'last but one')
  await assert.rejects(makePair(world, 'alice', { label: 'two' }), full)
  await makeAes(world, 'alice', 'last')
  await assert.rejects(makeAes(world, 'alice', 'one more'), full)
  await world.as('alice', 'key.delete', { filter: reference(made) })
  await makeAes(world, 'alice', 'in its place')
  const dora = { username: 'dora', role: 'crypto-user', password: PASSWORD } as const
  await assert.rejects(world.as('admin', 'user.create', dora), fails('user-capacity'))
  await engine.close()
})
