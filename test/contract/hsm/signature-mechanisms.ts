import assert from 'node:assert/strict'
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { bringRsa, bringSecret, makeSigningPair } from '../../support/crypto-keys.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, type Person, reference, type World } from '../../support/world.ts'

const MESSAGE = Buffer.from('message')
const HMAC = { name: 'hmac', hash: 'sha256' } as const
const CMAC = { name: 'aes-cmac' } as const

/** EdDSA, ML-DSA, MACs, and values that were hashed or padded elsewhere. */
export function signatureMechanismsContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const sign = async (key: string, mechanism: Mechanism, data: Buffer, who: Person = 'alice') => {
    const request = { filter: reference(key), mechanism, data: [data.toString('base64')] }
    return (await world.as(who, 'crypto.sign', request)).signatures[0] ?? Buffer.alloc(0)
  }
  const accepts = async (
    key: string,
    mechanism: Mechanism,
    data: Buffer,
    signature: Buffer,
    who: Person = 'alice',
  ) => {
    const request = {
      filter: reference(key),
      mechanism,
      data: [data.toString('base64')],
      signatures: [signature.toString('base64')],
    }
    return (await world.as(who, 'crypto.verify', request)).verified[0]
  }
  const publicKey = async (key: string) =>
    createPublicKey((await world.as('alice', 'key.export-public', { filter: reference(key) })).pem)
  /** Right here and outside; wrong for another message, and with a bit changed. */
  async function accepted(pub: string, mechanism: Mechanism, data: Buffer, signature: Buffer) {
    const changed = Buffer.from(signature)
    changed[3] = (changed[3] ?? 0) ^ 1
    const other = Buffer.from(data)
    other[0] = (other[0] ?? 0) ^ 1
    const verdicts = [
      await accepts(pub, mechanism, data, signature, 'bob'),
      await accepts(pub, mechanism, other, signature, 'bob'),
      await accepts(pub, mechanism, data, changed, 'bob'),
      await accepts(pub, mechanism, data, signature.subarray(1), 'bob'),
      await accepts(pub, mechanism, data, Buffer.alloc(0), 'bob'),
    ]
    assert.deepEqual(verdicts, [true, false, false, false, false], mechanism.name)
  }

  suite('other mechanisms', () => {
    test('ed25519, and ed25519ph over data or over its hash', async () => {
      const { pub, priv } = await makeSigningPair(world, 'alice', 'ed25519', ['bob'])
      const signature = await sign(priv, { name: 'ed25519' }, MESSAGE, 'bob')
      assert.ok(verify(null, MESSAGE, await publicKey(pub), signature))
      await accepted(pub, { name: 'ed25519' }, MESSAGE, signature)
      const digest = createHash('sha512').update(MESSAGE).digest()
      const [raw, hashed] = [
        { name: 'ed25519ph', input: 'raw' },
        { name: 'ed25519ph', input: 'digest' },
      ] as const
      const prehashed = await sign(priv, raw, MESSAGE)
      assert.deepEqual(await sign(priv, hashed, digest), prehashed)
      await accepted(pub, raw, MESSAGE, prehashed)
      await accepted(pub, hashed, digest, prehashed)
      assert.equal(await accepts(pub, { name: 'ed25519' }, MESSAGE, prehashed), false)
      await assert.rejects(sign(priv, hashed, MESSAGE), fails('invalid-data', /64 bytes/))
    })

    for (const algorithm of ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const) {
      test(`${algorithm} over data or over mu`, async () => {
        const { pub, priv } = await makeSigningPair(world, 'alice', algorithm, ['bob'])
        const [raw, external] = [
          { name: 'ml-dsa', input: 'raw' },
          { name: 'ml-dsa', input: 'external-mu' },
        ] as const
        const key = await publicKey(pub)
        const signature = await sign(priv, raw, MESSAGE, 'bob')
        assert.ok(verify(null, MESSAGE, key, signature))
        await accepted(pub, raw, MESSAGE, signature)
        // FIPS 204 §5.3 algorithm 3 and §6.3 algorithm 8: mu with an empty context.
        const raw32 = (key.export({ format: 'jwk' }) as { pub: string }).pub
        const shake = (...parts: Buffer[]) =>
          createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
        const mu = shake(shake(Buffer.from(raw32, 'base64url')), Buffer.of(0, 0), MESSAGE)
        await accepted(pub, external, mu, signature)
        assert.ok(verify(null, MESSAGE, key, await sign(priv, external, mu)))
        await assert.rejects(sign(priv, external, MESSAGE), fails('invalid-data', /64 bytes/))
      })
    }

    test('hmac and aes-cmac, whole or cut, for those the key belongs to', async () => {
      const secret = await bringSecret(world, 'alice', 'generic-secret')
      const mac = createHmac('sha256', secret.value).update(MESSAGE).digest()
      assert.deepEqual(await sign(secret.key, HMAC, MESSAGE), mac)
      assert.deepEqual(await sign(secret.key, { ...HMAC, 'mac-length': 10 }, MESSAGE), mac.subarray(0, 10))
      assert.equal(await accepts(secret.key, HMAC, MESSAGE, mac), true)
      assert.equal(await accepts(secret.key, HMAC, MESSAGE, mac.subarray(0, 10)), false)
      assert.equal(
        await accepts(secret.key, { ...HMAC, 'mac-length': 10 }, MESSAGE, mac.subarray(0, 10)),
        true,
      )
      await assert.rejects(
        sign(secret.key, { ...HMAC, 'mac-length': 33 }, MESSAGE),
        fails('invalid-mechanism', 'mac-length must be at most 32'),
      )

      const { key } = await bringSecret(world, 'alice', 'aes')
      const cmac = await sign(key, CMAC, MESSAGE)
      assert.equal(cmac.length, 16)
      assert.equal(await accepts(key, CMAC, MESSAGE, cmac), true)
      assert.equal(await accepts(key, CMAC, Buffer.from('massage'), cmac), false)

      await assert.rejects(accepts(key, CMAC, MESSAGE, cmac, 'bob'), fails('key-selection'))
      await assert.rejects(sign(key, HMAC, MESSAGE), fails('key-type'))
      await world.as('alice', 'key.share', {
        filter: reference(key),
        usernames: ['bob'],
        role: 'crypto-user',
      })
      assert.deepEqual(await sign(key, CMAC, MESSAGE, 'bob'), cmac)
      await world.as('alice', 'key.set-attribute', { filter: reference(key), attributes: { sign: false } })
      await assert.rejects(sign(key, CMAC, MESSAGE), fails('key-function'))
      assert.equal(await accepts(key, CMAC, MESSAGE, cmac), true)
    })

    test('values hashed or padded elsewhere', async () => {
      const ec = await makeSigningPair(world, 'alice', 'secp256r1')
      const digest = createHash('sha384').update(MESSAGE).digest()
      const signature = await sign(ec.priv, { name: 'ecdsa-prehashed' }, digest)
      await accepted(ec.pub, { name: 'ecdsa-prehashed' }, digest, signature)
      const key = { key: await publicKey(ec.pub), dsaEncoding: 'ieee-p1363' } as const
      assert.ok(verify('sha384', MESSAGE, key, signature))

      const rsa = await bringRsa(world, 'alice')
      const unhashed = await sign(rsa.priv, { name: 'rsa-pkcs-unhashed' }, MESSAGE)
      await accepted(rsa.pub, { name: 'rsa-pkcs-unhashed' }, MESSAGE, unhashed)
      const padded = Buffer.concat([
        Buffer.of(0, 1),
        Buffer.alloc(256 - 3 - MESSAGE.length, 0xff),
        Buffer.of(0),
        MESSAGE,
      ])
      assert.deepEqual(await sign(rsa.priv, { name: 'rsa-x509' }, padded), unhashed)
      await accepted(rsa.pub, { name: 'rsa-x509' }, padded, unhashed)
      await assert.rejects(
        sign(rsa.priv, { name: 'rsa-pkcs-unhashed' }, Buffer.alloc(246)),
        fails('invalid-data'),
      )
      await assert.rejects(
        sign(rsa.priv, { name: 'rsa-x509' }, Buffer.alloc(256, 255)),
        fails('invalid-data'),
      )
    })

    test('a mechanism that does not fit the key', async () => {
      const ed = await makeSigningPair(world, 'alice', 'ed25519')
      const ec = await makeSigningPair(world, 'alice', 'secp256r1')
      const mlDsa = await makeSigningPair(world, 'alice', 'ML-DSA-44')
      const ecdsa = { name: 'ecdsa', hash: 'sha256', input: 'raw' } as const
      const refused = [
        [ed.priv, ecdsa],
        [ed.priv, { name: 'ml-dsa', input: 'raw' }],
        [ec.priv, { name: 'ed25519' }],
        [ec.priv, { name: 'ed25519ph', input: 'raw' }],
        [mlDsa.priv, { name: 'ed25519' }],
        [mlDsa.priv, HMAC],
        [ed.pub, { name: 'ed25519' }],
      ] as const
      for (const [key, mechanism] of refused) {
        await assert.rejects(sign(key, mechanism, MESSAGE), fails('key-type'), mechanism.name)
      }
      await assert.rejects(
        sign(ec.priv, { name: 'ml-dsa', input: 'digest' } as unknown as Mechanism, MESSAGE),
        fails('invalid-request'),
      )
      await assert.rejects(
        sign(ec.priv, { name: 'eddsa' } as unknown as Mechanism, MESSAGE),
        fails('invalid-request'),
      )
    })
  })
}
