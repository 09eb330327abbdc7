import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateEcPair, generateRsaPair } from '../../../src/crypto/key-pairs.ts'
import {
  DATA,
  digestOf,
  ecdsa,
  failsWith,
  open,
  pkcs,
  pss,
  signingKey,
  verifyingKey,
} from './signing-support.ts'

test('a key works only with the mechanisms of its family', async () => {
  const [ec, rsa] = await Promise.all([open('secp256r1'), open()])
  const mismatched = failsWith(
    'key-type',
    /^The mechanism (ecdsa|rsa-pkcs|rsa-pkcs-pss) does not work with an (ec|rsa) key$/,
  )
  for (const input of ['raw', 'digest'] as const) {
    for (const mechanism of [pkcs('sha256', input), pss('sha256', input)]) {
      assert.throws(() => ec.signing.sign(mechanism, DATA), mismatched)
      assert.throws(() => ec.verifying.verify(mechanism, DATA, Buffer.alloc(64)), mismatched)
    }
    assert.throws(() => rsa.signing.sign(ecdsa('sha256', input), DATA), mismatched)
    assert.throws(() => rsa.verifying.verify(ecdsa('sha256', input), DATA, Buffer.alloc(256)), mismatched)
  }
  ec.signing.close()
  rsa.signing.close()
})

test('a key that is not what its record says is not opened', async () => {
  const [ec, rsa] = await Promise.all([generateEcPair('secp256r1'), generateRsaPair(2048, 65_537)])
  assert.throws(() => signingKey('secp256k1', ec.pkcs8), /not the secp256k1 key/)
  assert.throws(() => signingKey('ed25519', ec.pkcs8), /not the ed25519 key/)
  assert.throws(() => signingKey('ML-DSA-44', ec.pkcs8), /not the ML-DSA-44 key/)
  assert.throws(() => signingKey('rsa', ec.pkcs8), /not the rsa key/)
  assert.throws(() => signingKey('secp256r1', rsa.pkcs8), /not the secp256r1 key/)
  assert.throws(() => verifyingKey('secp256k1', ec.spki), /not the secp256k1 key/)
  assert.throws(() => verifyingKey('rsa', ec.spki), /not the rsa key/)
  assert.throws(() => signingKey('secp256r1', ec.pkcs8.subarray(2)))
})

test('a key is read when it is opened, so that its bytes may be wiped', async () => {
  const { signing, verifying, pkcs8 } = await open('secp256r1')
  pkcs8.fill(0)
  const signature = await signing.sign(ecdsa('sha256', 'digest'), digestOf('sha256'))
  assert.equal(verifying.verify(ecdsa('sha256', 'raw'), DATA, signature), true)
  signing.close()
})

test('a key does not sign once it is closed, not even what waits for its turn', async () => {
  for (const used of [true, false]) {
    for (const curve of ['secp256r1', 'secp384r1'] as const) {
      const { signing } = await open(curve)
      if (used) await signing.sign(ecdsa('sha256', 'digest'), digestOf('sha256'))
      const late =
        curve === 'secp384r1' ? signing.sign(ecdsa('sha256', 'digest'), digestOf('sha256')) : undefined
      signing.close()
      signing.close()
      if (late) await assert.rejects(late as Promise<Buffer>, /closed/)
      assert.throws(() => signing.sign(ecdsa('sha256', 'raw'), DATA), /closed/)
      assert.throws(() => signing.sign(ecdsa('sha256', 'digest'), digestOf('sha256')), /closed/)
    }
  }
})
