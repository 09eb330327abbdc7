import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { fails } from '../../support/errors.ts'
import { createTransport, KWP, OAEP, type Transport, WRAPPINGS } from '../../support/transport.ts'
import {
  createWorld,
  ECDSA,
  makePair,
  type Person,
  RSA_PKCS,
  reference,
  sign,
  type World,
} from '../../support/world.ts'

const SHOWN = { extractable: true, sensitive: false } as const

/** Keys leave and come back as they were, and only as their attributes and owners allow. */
export function wrappingContract(open: () => Promise<Hsm>): void {
  let world: World
  let kek: Transport['kek']
  let rsa: Transport['rsa']
  let makeKek: Transport['makeKek']
  let bring: Transport['bring']
  let wrap: Transport['wrap']
  let unwrap: Transport['unwrap']
  before(async () => {
    world = await createWorld(await open())
    ;({ kek, rsa, makeKek, bring, wrap, unwrap } = await createTransport(world))
  })
  const shownValue = async (who: Person, key: string) =>
    (await world.as(who, 'key.export-value', { filter: reference(key) })).value

  suite('wrap and unwrap', () => {
    test('a secret key comes back as it was, with every mechanism', async () => {
      const value = randomBytes(24)
      for (const name of ['aes', 'des3', 'generic-secret'] as const) {
        const payload = await bring(name, value, SHOWN)
        for (const mechanism of WRAPPINGS) {
          const wrapped = await wrap('alice', payload, mechanism)
          assert.deepEqual(
            [wrapped['payload-key-reference'], wrapped['wrapping-key-reference'], 'iv' in wrapped],
            [payload, mechanism.name.startsWith('rsa') ? rsa.pub : kek, mechanism.name === 'aes-gcm'],
          )
          const { key } = await unwrap('alice', wrapped, name, { mechanism, attributes: SHOWN })
          assert.deepEqual(await shownValue('alice', key['key-reference']), value, mechanism.name)
          assert.equal(key.attributes['key-type'], name)
        }
      }
    })

    test('a private key signs as before', async () => {
      const roomy = WRAPPINGS.filter(
        ({ name }) => name !== 'aes-no-pad' && name !== 'rsa-oaep' && name !== 'rsa-pkcs',
      )
      const pairs = [
        ['ec-private', await makePair(world, 'alice', { label: 'ec' }), ECDSA],
        ['rsa-private', await makePair(world, 'alice', { label: 'rsa', rsa: 2048 }), RSA_PKCS],
      ] as const
      for (const [name, { pub, priv }, signing] of pairs) {
        for (const mechanism of roomy) {
          const wrapped = await wrap('alice', priv, mechanism)
          const { key } = await unwrap('alice', wrapped, name, { mechanism, attributes: { sign: true } })
          const signature = await sign(world, 'alice', key['key-reference'], 'message', signing)
          const { verified } = await world.as('bob', 'crypto.verify', {
            filter: reference(pub),
            mechanism: signing,
            data: [Buffer.from('message').toString('base64')],
            signatures: [signature],
          })
          assert.deepEqual(verified, [true], mechanism.name)
        }
      }
    })

    test('an unwrapped key is its unwrapper’s, and its past is unknown', async () => {
      const wrapped = await wrap('alice', await bring('aes', randomBytes(16)))
      const { key } = await unwrap('bob', wrapped, 'aes', {
        attributes: { extractable: false, id: '0x07' },
        'share-crypto-users': ['carol'],
      })
      const { attributes, 'key-info': info } = key
      assert.deepEqual(
        [attributes['local'], attributes['always-sensitive'], attributes['never-extractable']],
        [false, false, false],
      )
      assert.deepEqual(
        [attributes['sensitive'], attributes['extractable'], attributes['id']],
        [true, false, '0x07'],
      )
      assert.equal(attributes['key-length-bytes'], 16)
      assert.deepEqual(
        info['key-owners'].map(({ username }) => username),
        ['bob'],
      )
      assert.deepEqual(
        info['shared-users'].map(({ username }) => username),
        ['carol'],
      )
    })

    test('into the session', async () => {
      const wrapped = await wrap('alice', await bring('aes', randomBytes(16)))
      const { key } = await unwrap('alice', wrapped, 'aes', { session: true })
      assert.equal(key.attributes['token'], false)
    })

    test('the owner alone takes a key out; whoever holds a wrapping key works with it', async () => {
      const payload = await bring('aes', randomBytes(32))
      await world.as('alice', 'key.share', {
        filter: reference(payload),
        usernames: ['bob'],
        role: 'crypto-user',
      })
      await assert.rejects(wrap('bob', payload), fails('not-owner'))
      await assert.rejects(wrap('carol', payload), fails('key-selection'))
      const his = await makeKek('bob', 'his')
      await wrap('bob', his)
      await wrap('bob', his, { name: 'rsa-aes', ...OAEP })
      const hers = await makeKek('carol', 'hers')
      await wrap('carol', hers, { name: 'rsa-aes', ...OAEP })
      await assert.rejects(wrap('carol', hers), fails('key-selection'))
    })

    test('a key that must stay stays', async () => {
      const stays = await bring('aes', randomBytes(32), { extractable: false })
      await assert.rejects(wrap('alice', stays), fails('not-extractable'))
      const ec = await makePair(world, 'alice', { label: 'p' })
      await assert.rejects(wrap('alice', ec.pub), fails('wrap-refused'))
      const { private_key } = await world.as('alice', 'key.generate-pair', {
        'key-type': 'ml-dsa',
        'mldsa-algorithm': 'ML-DSA-44',
        'public-label': 'q',
        'private-label': 'q',
      })
      await assert.rejects(wrap('alice', private_key['key-reference']), fails('wrap-refused'))
    })

    test('the wrapping key must be able and of the right kind', async () => {
      const payload = await bring('aes', randomBytes(32))
      const idle = await bring('aes', randomBytes(32))
      await assert.rejects(wrap('alice', payload, KWP, idle), fails('key-function'))
      await assert.rejects(wrap('alice', payload, KWP, rsa.pub), fails('key-type'))
      await assert.rejects(wrap('alice', payload, { name: 'rsa-pkcs' }, rsa.priv), fails('key-type'))
      await assert.rejects(wrap('alice', payload, { name: 'rsa-pkcs' }, kek), fails('key-type'))
      const wrapped = await wrap('alice', payload)
      await assert.rejects(
        unwrap('alice', wrapped, 'aes', { filter: reference(idle) }),
        fails('key-function'),
      )
      await assert.rejects(
        unwrap('alice', wrapped, 'aes', { filter: reference(rsa.priv) }),
        fails('key-type'),
      )
      await assert.rejects(unwrap('carol', wrapped, 'aes'), fails('key-selection'))
    })

    test('a key that insists on a trusted one leaves under no other', async () => {
      const payload = await bring('aes', randomBytes(32), { 'wrap-with-trusted': true })
      const under = await makeKek('alice', 'to-be-trusted')
      await assert.rejects(wrap('alice', payload, KWP, under), fails('wrap-refused', /trusted/))
      await world.as('admin', 'key.set-attribute', {
        filter: reference(under),
        attributes: { trusted: true },
      })
      await wrap('alice', payload, KWP, under)
    })
  })
}
