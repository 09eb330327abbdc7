import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { fails } from '../../support/errors.ts'
import { createTransport, KWP, type Transport, WRAPPINGS } from '../../support/transport.ts'
import { byLabel, createWorld, makePair, reference, type World } from '../../support/world.ts'

const USES = ['encrypt', 'decrypt', 'sign', 'verify', 'wrap', 'unwrap', 'derive']

/** What is not as it should be is refused, and leaves nothing behind. */
export function wrappingRefusalsContract(open: () => Promise<Hsm>): void {
  let world: World
  let makeKek: Transport['makeKek']
  let bring: Transport['bring']
  let wrap: Transport['wrap']
  let unwrap: Transport['unwrap']
  before(async () => {
    world = await createWorld(await open())
    ;({ makeKek, bring, wrap, unwrap } = await createTransport(world))
  })
  const keyCount = async () => (await world.as('alice', 'key.list', { filter: [] })).total_key_count

  suite('refusals of wrap and unwrap', () => {
    test('templates of the wrapping key bind what goes out and what comes in', async () => {
      const under = await makeKek('alice', 'with-templates')
      await world.as('alice', 'key.set-attribute', {
        filter: reference(under),
        attributes: { 'wrap-template': { encrypt: true }, 'unwrap-template': { extractable: false } },
      })
      const mute = await bring('aes', randomBytes(32))
      await assert.rejects(wrap('alice', mute, KWP, under), fails('wrap-refused', /template/))
      const payload = await bring('aes', randomBytes(32), { encrypt: true })
      const wrapped = await wrap('alice', payload, KWP, under)
      const filter = reference(under)
      const contrary = unwrap('alice', wrapped, 'aes', { filter, attributes: { extractable: true } })
      await assert.rejects(contrary, fails('template-conflict'))
      const { key } = await unwrap('alice', wrapped, 'aes', { filter })
      assert.equal(key.attributes['extractable'], false)
    })

    test('uses that neither the attributes nor the template name are false if that is asked for', async () => {
      const under = await makeKek('alice', 'with-uses')
      const filter = reference(under)
      await world.as('alice', 'key.set-attribute', {
        filter,
        attributes: { 'unwrap-template': { sign: true, encrypt: true } },
      })
      const wrapped = await wrap('alice', await bring('aes', randomBytes(32)), KWP, under)
      const uses = async (more: Parameters<Transport['unwrap']>[3]) => {
        const { attributes } = (await unwrap('alice', wrapped, 'aes', { filter, ...more })).key
        return USES.filter((name) => attributes[name] === true)
      }
      assert.deepEqual(await uses({}), ['encrypt', 'sign', 'verify'])
      assert.deepEqual(await uses({ 'only-named-uses': true }), ['encrypt', 'sign'])
      assert.deepEqual(await uses({ 'only-named-uses': true, attributes: { decrypt: true } }), [
        'encrypt',
        'decrypt',
        'sign',
      ])
      const contrary = uses({ 'only-named-uses': true, attributes: { encrypt: false } })
      await assert.rejects(contrary, fails('template-conflict', /encrypt=false/))
    })

    test('a secret key of another length than was said does not unwrap', async () => {
      const sound = await wrap('alice', await bring('generic-secret', randomBytes(32)))
      const { key } = await unwrap('alice', sound, 'generic-secret', { 'key-length-bytes': 32 })
      assert.equal(key.attributes['key-length-bytes'], 32)
      const before = await keyCount()
      for (const [name, bytes] of [
        ['generic-secret', 16],
        ['generic-secret', 33],
        ['aes', 16],
      ] as const) {
        await assert.rejects(
          unwrap('alice', sound, name, { 'key-length-bytes': bytes }),
          fails('unwrap-failed'),
        )
      }
      const ofPrivate = unwrap('alice', sound, 'ec-private', { 'key-length-bytes': 32 })
      await assert.rejects(ofPrivate, fails('invalid-request', /^key-length-bytes is for secret keys$/))
      assert.equal(await keyCount(), before)
    })

    test('whatever is wrong with a wrapped key, the answer is the same and nothing is stored', async () => {
      const ec = await makePair(world, 'alice', { label: 'inside' })
      const sound = await wrap('alice', ec.priv)
      const before = await keyCount()
      const refused = fails('unwrap-failed', 'Unwrap failed')
      const spoiled = Buffer.from(sound['wrapped-key'])
      spoiled.writeUInt8(spoiled.readUInt8(20) ^ 1, 20)
      for (const [bytes, name] of [
        [spoiled, 'ec-private'],
        [spoiled.subarray(0, 24), 'ec-private'],
        [Buffer.alloc(0), 'ec-private'],
        [sound['wrapped-key'], 'rsa-private'],
        [sound['wrapped-key'], 'aes'],
        [sound['wrapped-key'], 'des3'],
      ] as const) {
        await assert.rejects(unwrap('alice', { 'wrapped-key': bytes }, name), refused)
      }
      for (const mechanism of WRAPPINGS.filter(({ name }) => name !== 'rsa-pkcs')) {
        const iv = mechanism.name === 'aes-gcm' ? { iv: Buffer.alloc(12) } : {}
        const noise = { 'wrapped-key': randomBytes(280), ...iv }
        await assert.rejects(unwrap('alice', noise, 'generic-secret', { mechanism }), refused, mechanism.name)
      }
      assert.equal(await keyCount(), before)
    })

    test('keys of another kind than they say are refused', async () => {
      const other = generateKeyPairSync('ec', { namedCurve: 'P-192' }).privateKey
      const encoded = other.export({ type: 'pkcs8', format: 'der' })
      const payload = await bring('generic-secret', encoded)
      await assert.rejects(
        unwrap('alice', await wrap('alice', payload), 'ec-private'),
        fails('unwrap-failed'),
      )
    })

    test('bad wishes are refused before anything is unwrapped', async () => {
      const wrapped = await wrap('alice', await bring('aes', randomBytes(32)))
      await assert.rejects(
        unwrap('alice', wrapped, 'aes', { attributes: { trusted: true } }),
        fails('attribute-refused'),
      )
      await assert.rejects(
        unwrap('alice', wrapped, 'aes', { 'share-crypto-users': ['nobody'] }),
        fails('user-not-found'),
      )
      await assert.rejects(
        unwrap('alice', wrapped, 'aes', { filter: byLabel('none') }),
        fails('key-selection'),
      )
    })
  })
}
