import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { ML_DSA_ALGORITHMS } from '../../../src/contract/algorithms.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { privateKeyLength, publicKeyLength } from '../../../src/crypto/public-facts.ts'
import { DATA, failsWith, open } from './signing-support.ts'

const mechanism = (input: 'raw' | 'external-mu'): Mechanism => ({ name: 'ml-dsa', input })

const shake256 = (...parts: readonly Buffer[]): Buffer =>
  createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()

/** FIPS 204 Algorithm 7 lines 1 and 6, with the empty context of Algorithm 2 line 10. */
const muOf = (publicKey: Buffer, message: Buffer): Buffer =>
  shake256(shake256(publicKey), Buffer.of(0, 0), message)

/** FIPS 204 §4 table 2. */
const SIZES = {
  'ML-DSA-44': { publicKey: 1312, privateKey: 2560, signature: 2420 },
  'ML-DSA-65': { publicKey: 1952, privateKey: 4032, signature: 3309 },
  'ML-DSA-87': { publicKey: 2592, privateKey: 4896, signature: 4627 },
}

for (const algorithm of ML_DSA_ALGORITHMS) {
  const size = SIZES[algorithm]

  test(`${algorithm}: raw and external-mu are the same scheme, which node:crypto has too`, async () => {
    const { signing, verifying, spki, pkcs8 } = await open(algorithm)
    assert.equal(publicKeyLength(algorithm, spki), size.publicKey)
    assert.equal(privateKeyLength(algorithm, pkcs8), size.privateKey)
    const inputs = { raw: DATA, 'external-mu': muOf(spki.subarray(-size.publicKey), DATA) }
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const theirs = sign(null, DATA, privateKey)
    for (const input of ['raw', 'external-mu'] as const) {
      const signature = await signing.sign(mechanism(input), inputs[input])
      assert.equal(signature.length, size.signature)
      assert.equal(verify(null, DATA, publicKey, signature), true, input)
      assert.equal(verifying.verify(mechanism('raw'), DATA, signature), true, input)
      assert.equal(verifying.verify(mechanism('external-mu'), inputs['external-mu'], signature), true, input)
      assert.equal(verifying.verify(mechanism(input), inputs[input], theirs), true, input)
    }
    signing.close()
  })

  test(`${algorithm}: whatever is not the signature is not valid`, async () => {
    const { signing, verifying, spki } = await open(algorithm)
    const inputs = { raw: DATA, 'external-mu': muOf(spki.subarray(-size.publicKey), DATA) }
    const good = await signing.sign(mechanism('raw'), DATA)
    const damaged = Buffer.from(good)
    damaged[7] = (damaged[7] ?? 0) ^ 1
    for (const input of ['raw', 'external-mu'] as const) {
      for (const bad of [
        damaged,
        good.subarray(1),
        Buffer.concat([good, Buffer.of(0)]),
        Buffer.alloc(0),
        Buffer.alloc(size.signature),
        Buffer.alloc(size.signature, 0xff),
      ]) {
        assert.equal(verifying.verify(mechanism(input), inputs[input], bad), false)
      }
      assert.equal(verifying.verify(mechanism(input), Buffer.alloc(64), good), false)
    }
    signing.close()
  })
}

test('mu is 64 bytes', async () => {
  const { signing, verifying } = await open('ML-DSA-44')
  for (const length of [0, 63, 65]) {
    const bad = failsWith('invalid-data', new RegExp(`mu of 64 bytes, not ${length}$`))
    assert.throws(() => signing.sign(mechanism('external-mu'), Buffer.alloc(length)), bad)
    assert.throws(
      () => verifying.verify(mechanism('external-mu'), Buffer.alloc(length), Buffer.alloc(2420)),
      bad,
    )
  }
  signing.close()
})
