import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { openMacKey } from '../../../src/crypto/macs.ts'
import type { SigningKey, VerifyingKey } from '../../../src/crypto/signing-keys.ts'
import { DATA, digestInfoOf, digestOf, ecdsa, failsWith, open, pkcs, pss } from './signing-support.ts'

type Case = { key: { signing: SigningKey; verifying: VerifyingKey }; mechanism: Mechanism; data: Buffer }

const secret = (keyType: 'aes' | 'generic-secret') => {
  const key = openMacKey(keyType, createSecretKey(randomBytes(32)))
  return { signing: key, verifying: key }
}

async function cases(): Promise<readonly Case[]> {
  const [p256, rsa, ed, ml] = await Promise.all([
    open('secp256r1'),
    open(),
    open('ed25519'),
    open('ML-DSA-44'),
  ])
  return [
    { key: p256, mechanism: ecdsa('sha256', 'raw'), data: DATA },
    { key: p256, mechanism: ecdsa('sha256', 'digest'), data: digestOf('sha256') },
    { key: p256, mechanism: { name: 'ecdsa-prehashed' }, data: digestOf('sha1') },
    { key: rsa, mechanism: pkcs('sha512', 'raw'), data: DATA },
    { key: rsa, mechanism: pkcs('sha512', 'digest'), data: digestInfoOf('sha512') },
    { key: rsa, mechanism: pss('sha384', 'raw'), data: DATA },
    { key: rsa, mechanism: pss('sha384', 'digest'), data: digestOf('sha384') },
    { key: rsa, mechanism: { name: 'rsa-pkcs-unhashed' }, data: DATA },
    { key: rsa, mechanism: { name: 'rsa-x509' }, data: DATA },
    { key: ed, mechanism: { name: 'ed25519' }, data: DATA },
    { key: ed, mechanism: { name: 'ed25519ph', input: 'raw' }, data: DATA },
    { key: ed, mechanism: { name: 'ed25519ph', input: 'digest' }, data: digestOf('sha512') },
    { key: ml, mechanism: { name: 'ml-dsa', input: 'raw' }, data: DATA },
    { key: ml, mechanism: { name: 'ml-dsa', input: 'external-mu' }, data: digestOf('sha512') },
    {
      key: secret('generic-secret'),
      mechanism: { name: 'hmac', hash: 'sha256', 'mac-length': 20 },
      data: DATA,
    },
    { key: secret('aes'), mechanism: { name: 'aes-cmac' }, data: DATA },
  ]
}

test('a message in parts has the signatures of the whole', async () => {
  for (const { key, mechanism, data } of await cases()) {
    for (const cut of [0, 1, data.length]) {
      const parts = [data.subarray(0, cut), data.subarray(cut)]
      const signed = key.signing.begin(mechanism)
      for (const part of parts) {
        // Whoever hands a part over may use its memory again.
        const own = Buffer.from(part)
        signed.update(own)
        own.fill(0)
      }
      const signature = await signed.sign(key.signing)
      assert.equal(key.verifying.verify(mechanism, data, signature), true, JSON.stringify(mechanism))
      for (const [candidate, valid] of [
        [signature, true],
        [signature.subarray(1), false],
        [Buffer.alloc(signature.length), false],
      ] as const) {
        const checked = key.verifying.begin(mechanism)
        for (const part of parts) checked.update(part)
        assert.equal(checked.verify(key.verifying, candidate), valid, JSON.stringify(mechanism))
      }
    }
  }
})

test('a mechanism that does not hash keeps a bounded amount', async () => {
  const [ed, p256] = await Promise.all([open('ed25519'), open('secp256r1')])
  const refused = failsWith('too-large')
  const long = ed.signing.begin({ name: 'ed25519' })
  const half = Buffer.alloc(LIMITS.streamBufferBytes / 2)
  long.update(half)
  long.update(half)
  assert.throws(() => long.update(Buffer.of(0)), refused)
  const prehashed = p256.verifying.begin({ name: 'ecdsa-prehashed' })
  assert.throws(() => prehashed.update(Buffer.alloc(LIMITS.modulusBitsMax / 8 + 1)), refused)
})

test('what does not fit the key is refused at the beginning', async () => {
  const [rsa, ed] = await Promise.all([open(), open('ed25519')])
  for (const key of [rsa.signing, rsa.verifying]) {
    assert.throws(() => key.begin({ name: 'ed25519' }), failsWith('key-type'))
    assert.throws(() => key.begin(pss('sha256', 'raw', 400)), failsWith('invalid-mechanism'))
  }
  assert.throws(() => ed.verifying.begin(ecdsa('sha256', 'raw')), failsWith('key-type'))
})
