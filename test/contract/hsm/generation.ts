import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { KeyObject } from '../../../src/contract/key-object.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, makePair, reference, type World } from '../../support/world.ts'

/** What a generated key shows of itself. */
export function generationContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const pem = async (key: string) =>
    (await world.as('bob', 'key.export-public', { filter: reference(key) })).pem
  suite('generated keys', () => {
    test('AES: order of the attributes, and a check value that fits the reference', async () => {
      const { key } = await world.as('alice', 'key.generate-symmetric', {
        'key-type': 'aes',
        'key-length-bytes': 24,
        label: 'a',
      })
      assert.deepEqual(Object.keys(key), ['key-reference', 'key-info', 'attributes'])
      assert.deepEqual(Object.keys(key['key-info']), [
        'key-owners',
        'shared-users',
        'key-quorum-values',
        'cluster-coverage',
      ])
      assert.deepEqual(Object.keys(key.attributes), [
        'key-type',
        'label',
        'id',
        'check-value',
        'class',
        'encrypt',
        'decrypt',
        'token',
        'always-sensitive',
        'derive',
        'destroyable',
        'extractable',
        'local',
        'modifiable',
        'never-extractable',
        'private',
        'sensitive',
        'sign',
        'trusted',
        'unwrap',
        'verify',
        'wrap',
        'wrap-with-trusted',
        'key-length-bytes',
      ])
      assert.match(String(key.attributes['check-value']), /^0x[0-9a-f]{6}$/)
      assert.match(key['key-reference'], /^0x[0-9a-f]{16}$/)
      assert.equal(key.attributes['key-length-bytes'], 24)
    })

    test('generic secret: no check value', async () => {
      const { key } = await world.as('alice', 'key.generate-symmetric', {
        'key-type': 'generic-secret',
        'key-length-bytes': 800,
        label: 'g',
      })
      assert.equal('check-value' in key.attributes, false)
    })

    test('RSA pair: both halves show the modulus, the exponent and the check value of the public key', async () => {
      const made = await world.as('alice', 'key.generate-pair', {
        'key-type': 'rsa',
        'modulus-size-bits': 2048,
        'public-exponent': 65537,
        'public-label': 'p',
        'private-label': 'q',
      })
      const der = Buffer.from(
        (await pem(made.public_key['key-reference'])).replace(/-----.*-----|\s/g, ''),
        'base64',
      )
      const checkValue = `0x${createHash('sha1').update(der).digest('hex').slice(0, 6)}`
      for (const { attributes } of [made.public_key, made.private_key]) {
        assert.deepEqual(Object.keys(attributes).slice(-4), [
          'key-length-bytes',
          'public-exponent',
          'modulus',
          'modulus-size-bits',
        ])
        assert.equal(attributes['public-exponent'], '0x010001')
        assert.match(String(attributes['modulus']), /^0x[89a-f][0-9a-f]{511}$/)
        assert.equal(attributes['check-value'], checkValue)
      }
      assert.equal(made.public_key.attributes['key-length-bytes'], 512)
      // PKCS #8: 1216 to 1219 as a rule, and a byte less for each number in it that begins with eight more zeros.
      const privateLength = Number(made.private_key.attributes['key-length-bytes'])
      assert.ok(privateLength > 1180 && privateLength <= 1220, String(privateLength))
    })

    test('EC pairs: curve, point and lengths', async () => {
      const rows = [
        ['secp224r1', 'secp224r1', 57, 122],
        ['prime256v1', 'secp256r1', 65, 138],
        ['secp256k1', 'secp256k1', 65, 135],
        ['secp384r1', 'secp384r1', 97, 185],
        ['secp521r1', 'secp521r1', 133, 241],
      ] as const
      for (const [curve, printed, publicLength, privateLength] of rows) {
        const { pub, priv } = await makePair(world, 'alice', { label: `ec-${curve}`, curve })
        const reply = await world.as('alice', 'key.list', {
          filter: [`attr.curve=${curve}`, `attr.label=ec-${curve}`],
          verbose: true,
        })
        const attributes = (reply.matched_keys[0] as KeyObject).attributes
        assert.deepEqual([attributes['curve'], attributes['key-length-bytes']], [printed, privateLength])
        const [publicKey] = (await world.as('alice', 'key.list', { filter: reference(pub), verbose: true }))
          .matched_keys as KeyObject[]
        assert.equal(publicKey?.attributes['key-length-bytes'], publicLength)
        assert.equal(publicKey?.attributes['ec-point'], attributes['ec-point'])
        assert.match(String(attributes['ec-point']), /^0x04(39|41|61|8185)04/)
        assert.match(priv, /^0x/)
      }
    })

    test('what cannot be made is refused before anything is', async () => {
      const { keys } = await world.hsm.call('cluster.status', {})
      const pair = (request: object) =>
        world.as('alice', 'key.generate-pair', {
          'public-label': 'p',
          'private-label': 'q',
          ...request,
        } as Request<'key.generate-pair'>)
      const rsa = { 'key-type': 'rsa', 'modulus-size-bits': 2048, 'public-exponent': 65537 }
      const refusals = [
        [
          () => pair({ ...rsa, 'modulus-size-bits': 1024 }),
          'invalid-request',
          /modulus-size-bits must be 2048 to 4096/,
        ],
        [() => pair({ ...rsa, 'modulus-size-bits': 2049 }), 'invalid-request', /modulus-size-bits/],
        [() => pair({ ...rsa, 'public-exponent': 3 }), 'invalid-request', /public-exponent must be odd/],
        [() => pair({ ...rsa, 'public-exponent': 65538 }), 'invalid-request', /public-exponent must be odd/],
        [() => pair({ 'key-type': 'ec', curve: 'secp112r1' }), 'invalid-request', /curve/],
        [
          () => pair({ ...rsa, 'private-attributes': { wrap: true } }),
          'attribute-refused',
          /Attribute wrap cannot be set/,
        ],
        [
          () => pair({ ...rsa, 'private-attributes': { trusted: true } }),
          'attribute-refused',
          /Attribute trusted cannot be set/,
        ],
        [() => pair({ ...rsa, 'share-crypto-users': ['ghost'] }), 'user-not-found', /User ghost not found/],
        [() => pair({ ...rsa, session: true, 'share-crypto-users': ['bob'] }), 'session-key', /Session keys/],
        [
          () => pair({ ...rsa, 'private-label': 'x'.repeat(128) }),
          'invalid-request',
          /label must be at most 127/,
        ],
      ] as const
      for (const [call, expected, message] of refusals) await assert.rejects(call, fails(expected, message))
      assert.equal((await world.hsm.call('cluster.status', {})).keys, keys)
    })
  })
}
