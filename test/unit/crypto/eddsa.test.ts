import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { publicCheckValue } from '../../../src/crypto/public-facts.ts'
import { DATA, digestOf, failsWith, open, signingKey, verifyingKey } from './signing-support.ts'

const PURE: Mechanism = { name: 'ed25519' }
const ph = (input: 'raw' | 'digest'): Mechanism => ({ name: 'ed25519ph', input })

/** RFC 8410 §7. */
const pkcs8Of = (seed: string) => Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')

function keysOf(seed: string) {
  const pkcs8 = pkcs8Of(seed)
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return { signing: signingKey('ed25519', pkcs8), verifying: verifyingKey('ed25519', spki), spki }
}

/** RFC 8032 §7.1. */
const VECTORS = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
]

test('Ed25519: the vectors of RFC 8032 §7.1', async () => {
  for (const { seed, message, signature } of VECTORS) {
    const { signing, verifying } = keysOf(seed)
    const [data, expected] = [Buffer.from(message, 'hex'), Buffer.from(signature, 'hex')]
    assert.deepEqual(await signing.sign(PURE, data), expected)
    assert.equal(verifying.verify(PURE, data, expected), true)
    assert.equal(verifying.verify(PURE, Buffer.from('else'), expected), false)
  }
})

test('check value of the key of test 1 of RFC 8032 §7.1', () => {
  assert.equal(publicCheckValue(keysOf(VECTORS[0]?.seed ?? '').spki), '0xa566be')
})

test('Ed25519ph: the vector of RFC 8032 §7.3, raw and as digest', async () => {
  const { signing, verifying } = keysOf('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42')
  const expected = Buffer.from(
    'mKcCIvC4Ehqp0w+BPWg/gJ5GK0acf/h2OUmbuU5trkEx+FBCRjwqNVogA9BirfWqoQuMYeY2Biqq0RwqJgg0Bg==',
    'base64',
  )
  const inputs = { raw: Buffer.from('abc'), digest: createHash('sha512').update('abc').digest() }
  for (const input of ['raw', 'digest'] as const) {
    assert.deepEqual(await signing.sign(ph(input), inputs[input]), expected)
    assert.equal(verifying.verify(ph(input), inputs[input], expected), true)
    assert.equal(verifying.verify(ph(input), Buffer.alloc(64), expected), false)
  }
  assert.equal(verifying.verify(PURE, inputs.raw, expected), false)
  assert.equal(verifying.verify(PURE, inputs.digest, expected), false)
})

test('whatever is not the signature is not valid', async () => {
  const { signing, verifying } = await open('ed25519')
  for (const mechanism of [PURE, ph('raw')]) {
    const good = await signing.sign(mechanism, DATA)
    const flipped = fc.nat(511).map((bit) => {
      const damaged = Buffer.from(good)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return damaged
    })
    fc.assert(
      fc.property(
        fc.oneof(
          flipped,
          fc.uint8Array({ maxLength: 130 }),
          fc.constantFrom(good.subarray(1), Buffer.concat([good, Buffer.of(0)]), Buffer.alloc(64)),
        ),
        (signature) => assert.equal(verifying.verify(mechanism, DATA, Buffer.from(signature)), false),
      ),
    )
  }
  signing.close()
})

test('large data are signed like small ones', async () => {
  const { signing, verifying } = await open('ed25519')
  const large = Buffer.alloc(100_000, 7)
  const signature = await signing.sign(PURE, large)
  assert.equal(verifying.verify(PURE, large, signature), true)
  signing.close()
})

test('a digest must be one of SHA-512', async () => {
  const { signing, verifying } = await open('ed25519')
  const bad = failsWith('invalid-data', /sha512 digest of 64 bytes, not 32$/)
  assert.throws(() => signing.sign(ph('digest'), digestOf('sha256')), bad)
  assert.throws(() => verifying.verify(ph('digest'), digestOf('sha256'), Buffer.alloc(64)), bad)
  signing.close()
})
