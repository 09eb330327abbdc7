import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, publicDecrypt, sign } from 'node:crypto'
import { test } from 'node:test'
import { opensslAvailable } from '../../../src/crypto/openssl.ts'
import { nativeKey, verifyDigest } from '../../../src/crypto/openssl-signatures.ts'
import { handlesOf } from './openssl-handles.ts'
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

test('a signature that failed does not spoil the next one', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 512 })
  const native = nativeKey(privateKey)
  for (let round = 0; round < 3; round++) {
    assert.throws(() => native.sign(digestOf('sha512')), /refused/)
    assert.deepEqual(publicDecrypt(publicKey, native.sign(digestOf('sha256'))), digestOf('sha256'))
  }
  native.close()
})

test('more than the longest digest is not signed', () => {
  const native = nativeKey(pair.privateKey)
  assert.throws(() => native.sign(Buffer.alloc(65)), RangeError)
  native.close()
})

test('the signatures of several keys do not get into each other', () => {
  const pairs = ['prime256v1', 'secp521r1', 'prime256v1'].map((namedCurve) =>
    generateKeyPairSync('ec', { namedCurve }),
  )
  const natives = pairs.map(({ privateKey }) => nativeKey(privateKey))
  const digests = (['sha512', 'sha256', 'sha1'] as const).map(digestOf)
  const signatures = digests.map((digest) => natives.map((native) => native.sign(digest)))
  for (const [at, digest] of digests.entries()) {
    for (const [owner, { publicKey }] of pairs.entries()) {
      const der = publicKey.export({ type: 'spki', format: 'der' })
      const verified = signatures[at]?.map((made) => verifyDigest(der, digest, made))
      assert.deepEqual(
        verified,
        pairs.map((_, other) => other === owner),
      )
    }
  }
  for (const native of natives) native.close()
})

test('a closed key leaves nothing behind, whatever it was used for and whatever failed', () => {
  const digest = digestOf('sha256')
  const { made, left } = handlesOf(() => {
    const native = nativeKey(pair.privateKey)
    native.sign(digest)
    native.sign(digest)
    assert.throws(() => native.sign(Buffer.alloc(65)), RangeError)
    native.sign(digest)
    assert.throws(() => native.sign(digest, { name: 'pss', hash: 'sha256', saltLength: 32 }), /refused/)
    assert.equal(verifyDigest(spki, digest, signature), true)
    assert.equal(verifyDigest(spki, digest, Buffer.alloc(70)), false)
    native.close()
    native.close()
  })
  assert.deepEqual({ made, left }, { made: 1 + 2 + 1 + 2 * 2, left: 0 })
})
