/** The differences of an HSM of type hsm1.medium. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { makeSigningPair } from '../../support/crypto-keys.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makeAes, makePair, reference, type World } from '../../support/world.ts'

/** @param open gives a founded HSM of that type that is not activated yet */
export function hsm1Contract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const set = (key: string, attributes: Record<string, boolean | string>) =>
    world.as('alice', 'key.set-attribute', { filter: reference(key), attributes })
  const stays = (name: string, value: unknown) =>
    fails(
      'attribute-refused',
      `Attribute ${name} cannot be set to the value ${value} by the user for this operation`,
    )

  suite('of type hsm1.medium', () => {
    test('it is in FIPS mode', async () => {
      const status = await world.hsm.call('cluster.status', {})
      assert.deepEqual([status.mode, status['hsm-type']], ['fips', 'hsm1.medium'])
      await assert.rejects(
        makeSigningPair(world, 'alice', 'ML-DSA-44'),
        fails('mechanism-refused', 'Invalid mechanism: HSMs of type hsm1.medium have no keys of type ml-dsa'),
      )
    })

    test('some attributes stay as the key was made with, in copies too', async () => {
      const aes = await makeAes(world, 'alice', 'fixed')
      await assert.rejects(set(aes, { id: '0x01' }), stays('id', '0x01'))
      await assert.rejects(set(aes, { extractable: false }), stays('extractable', false))
      await set(aes, { id: '0x', extractable: true, derive: true, label: 'renamed' })
      const copying = { filter: reference(aes), attributes: { extractable: false } }
      await assert.rejects(world.as('alice', 'key.copy', copying), stays('extractable', false))
      const { priv } = await makePair(world, 'alice', { label: 'rsa', rsa: 2048 })
      await assert.rejects(set(priv, { derive: true }), stays('derive', true))
    })
  })
}
