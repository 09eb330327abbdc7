import assert from 'node:assert/strict'
import { constants, createPrivateKey, privateEncrypt, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { HASH_NAMES } from '../../../src/contract/algorithms.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { generateRsaPair } from '../../../src/crypto/key-pairs.ts'
import {
  DATA,
  digestInfoOf,
  failsWith,
  type Opened,
  open,
  pkcs,
  signingKey,
  verifyingKey,
} from './signing-support.ts'

const UNHASHED: Mechanism = { name: 'rsa-pkcs-unhashed' }
const X509: Mechanism = { name: 'rsa-x509' }
const BYTES = 256

describe('RSA without hashing', () => {
  let rsa: Opened
  before(async () => {
    rsa = await open()
  })
  after(() => rsa.signing.close())

  const reference = (padding: number, block: Buffer): Buffer =>
    privateEncrypt(
      { key: createPrivateKey({ key: rsa.pkcs8, format: 'der', type: 'pkcs8' }), padding },
      block,
    )

  test('a DigestInfo gives the signature of the data', async () => {
    for (const hash of HASH_NAMES) {
      const signature = await rsa.signing.sign(UNHASHED, digestInfoOf(hash))
      assert.equal(rsa.verifying.verify(pkcs(hash, 'raw'), DATA, signature), true)
      assert.equal(rsa.verifying.verify(UNHASHED, digestInfoOf(hash), signature), true)
      assert.equal(rsa.verifying.verify(UNHASHED, DATA, signature), false)
    }
  })

  test('anything that fits is padded as OpenSSL pads it, also many at once', async () => {
    const lengths = Array.from({ length: BYTES - 10 }, (_, length) => length)
    await Promise.all(
      lengths.map(async (length) => {
        const data = randomBytes(length)
        const signature = await rsa.signing.sign(UNHASHED, data)
        assert.deepEqual(signature, reference(constants.RSA_PKCS1_PADDING, data), `${length}`)
        assert.equal(rsa.verifying.verify(UNHASHED, data, signature), true)
      }),
    )
  })

  test('a modulus of another size', async () => {
    const { spki, pkcs8 } = await generateRsaPair(2304, 65_537)
    const [signing, verifying] = [signingKey('rsa', pkcs8), verifyingKey('rsa', spki)]
    const data = randomBytes(2304 / 8 - 11)
    const signature = await signing.sign(UNHASHED, data)
    assert.equal(verifying.verify(UNHASHED, data, signature), true)
    signing.close()
  })

  test('without padding, zeros stand before what is shorter than the modulus', async () => {
    for (const data of [Buffer.of(0), Buffer.of(1), Buffer.of(2), randomBytes(20), Buffer.alloc(BYTES, 1)]) {
      const block = Buffer.concat([Buffer.alloc(BYTES - data.length), data])
      const signature = await rsa.signing.sign(X509, data)
      assert.deepEqual(signature, reference(constants.RSA_NO_PADDING, block))
      assert.equal(rsa.verifying.verify(X509, data, signature), true)
      assert.equal(rsa.verifying.verify(X509, block, signature), true)
      assert.equal(rsa.verifying.verify(X509, Buffer.of(3), signature), false)
    }
  })

  test('what does not fit is refused', async () => {
    const { signing, verifying } = rsa
    const tooLong = (most: number) => failsWith('invalid-data', new RegExp(`at most ${most} bytes`))
    assert.throws(() => signing.sign(UNHASHED, Buffer.alloc(BYTES - 10)), tooLong(BYTES - 11))
    assert.throws(
      () => verifying.verify(UNHASHED, Buffer.alloc(BYTES - 10), Buffer.alloc(BYTES)),
      tooLong(BYTES - 11),
    )
    assert.throws(() => signing.sign(X509, Buffer.alloc(BYTES + 1)), tooLong(BYTES))
    assert.throws(() => verifying.verify(X509, Buffer.alloc(BYTES + 1), Buffer.alloc(BYTES)), tooLong(BYTES))
    await assert.rejects(
      signing.sign(X509, Buffer.alloc(BYTES, 0xff)) as Promise<Buffer>,
      failsWith('invalid-data', /smaller than the modulus/),
    )
  })

  test('whatever is not the signature is not valid', async () => {
    for (const mechanism of [UNHASHED, X509]) {
      const good = await rsa.signing.sign(mechanism, DATA)
      const damaged = Buffer.from(good)
      damaged[9] = (damaged[9] ?? 0) ^ 1
      for (const bad of [
        damaged,
        good.subarray(1),
        Buffer.alloc(0),
        Buffer.alloc(BYTES),
        Buffer.alloc(BYTES, 0xff),
      ]) {
        assert.equal(rsa.verifying.verify(mechanism, DATA, bad), false)
      }
      assert.equal(rsa.verifying.verify(mechanism, DATA, Buffer.concat([good, Buffer.of(0)])), false)
    }
  })
})
