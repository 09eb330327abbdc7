import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { nativeKey, opensslAvailable, verifyDigest } from '../../../src/crypto/openssl.ts'
import { DATA, digestOf } from './signing-support.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
const signature = sign('sha256', DATA, pair.privateKey)

test('this Node gives access to its OpenSSL', () => assert.equal(opensslAvailable(), true))

test('a key that cannot be read is refused, whatever its length', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(91), spki.subarray(0, 90), Buffer.from('30ff', 'hex')]) {
    assert.throws(() => verifyDigest(bytes, digestOf('sha256'), signature), /OpenSSL cannot read a key/)
  }
})

test('bytes are taken from where their view begins', () => {
  const room = Buffer.concat([Buffer.alloc(13, 0xff), spki])
  const [digest, signed] = [Buffer.alloc(7 + 32), Buffer.alloc(5 + signature.length)]
  digest.set(digestOf('sha256'), 7)
  signed.set(signature, 5)
  assert.equal(verifyDigest(room.subarray(13), digest.subarray(7), signed.subarray(5)), true)
})

test('a refused operation leaves no error behind for node:crypto to stumble over', () => {
  const native = nativeKey(pair.privateKey)
  assert.throws(
    () => native.sign(digestOf('sha256'), { name: 'pss', hash: 'sha256', saltLength: 32 }),
    /refused/,
  )
  assert.throws(() => verifyDigest(Buffer.alloc(91), digestOf('sha256'), signature))
  assert.equal(verifyDigest(spki, digestOf('sha256'), Buffer.alloc(70)), false)
  assert.throws(() => createPrivateKey('no key'), { code: 'ERR_OSSL_UNSUPPORTED' })
  assert.equal(createPublicKey(pair.privateKey).asymmetricKeyType, 'ec')
  assert.equal(verifyDigest(spki, digestOf('sha256'), native.sign(digestOf('sha256'))), true)
  native.close()
})

test('a key signs as often as it is asked, and not once it is closed', () => {
  const native = nativeKey(pair.privateKey)
  for (let count = 0; count < 100; count++) {
    assert.equal(verifyDigest(spki, digestOf('sha256'), native.sign(digestOf('sha256'))), true)
  }
  native.close()
  native.close()
  assert.throws(() => native.sign(digestOf('sha256')), /closed/)
})
