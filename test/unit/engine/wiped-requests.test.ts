/** What the engine makes of base64 in a request is gone when the request is, whatever became of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../support/engine.ts'
import { createWorld, ECDSA, makePair, reference } from '../../support/world.ts'

test('bytes that came in base64 are wiped when a request is done, refused, or malformed further on', async (t) => {
  const world = await createWorld(await testEngine())
  const { priv, pub } = await makePair(world, 'alice', { label: 'pair' })
  const filter = reference(pub)
  const secret = Buffer.alloc(48, 7)
  const text = secret.toString('base64')
  const nearly = `${text} `
  const from = Buffer.from as (...given: unknown[]) => Buffer
  const made: Buffer[] = []
  t.mock.method(Buffer, 'from', (...given: unknown[]) => {
    const bytes = from(...given)
    if (given[0] === text || given[0] === nearly) {
      assert.ok(bytes.equals(secret))
      made.push(bytes)
    }
    return bytes
  })
  /** As JSON has them. */
  const ask = async (operation: 'crypto.verify' | 'crypto.sign' | 'key.import', request: object) => {
    made.length = 0
    const outcome = await world.as('alice', operation, request as never).then(() => 'ok', String)
    assert.ok(made.length > 0)
    for (const bytes of made) assert.ok(bytes.equals(Buffer.alloc(secret.length)))
    return outcome
  }
  const mechanism = ECDSA
  assert.equal(await ask('crypto.sign', { filter: reference(priv), mechanism, data: [text, text] }), 'ok')
  await ask('crypto.verify', { filter, mechanism, data: [text], signatures: ['AAAA'] })
  assert.match(await ask('crypto.verify', { filter, mechanism, data: [text], signatures: ['A'] }), /base64/)
  assert.match(await ask('crypto.verify', { filter, mechanism, data: [nearly], signatures: [] }), /base64/)
  const imported = { 'key-type-class': 'generic-secret', material: text }
  assert.equal(await ask('key.import', { ...imported, label: 'mine' }), 'ok')
  await ask('key.import', { ...imported, label: 'x'.repeat(5000) })
  await ask('key.import', { ...imported, label: 'mine', more: true })
})
