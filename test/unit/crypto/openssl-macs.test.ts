import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { HASH_NAMES, type Hash } from '../../../src/contract/algorithms.ts'
import { openMacKey } from '../../../src/crypto/macs.ts'
import { NATIVE_MESSAGE_BYTES, nativeHmac } from '../../../src/crypto/openssl-macs.ts'
import { handlesOf } from './openssl-handles.ts'

const key = createSecretKey(randomBytes(32))
const expected = (hash: Hash, message: Uint8Array, secret = key) =>
  createHmac(hash, secret).update(message).digest()

test('a kept context gives the MAC of every message, whatever came before', () => {
  const native = nativeHmac(key)
  for (const hash of [...HASH_NAMES, ...HASH_NAMES]) {
    for (const length of [0, 1, 63, 64, 65, 300, NATIVE_MESSAGE_BYTES, 3]) {
      const message = randomBytes(length)
      assert.deepEqual(native.mac(hash, message), expected(hash, message))
    }
  }
  native.close()
})

test('the MACs of several keys do not get into each other', () => {
  const keys = [1, 20, 64, 65, 128, 129, 500].map((length) => createSecretKey(randomBytes(length)))
  const natives = keys.map(nativeHmac)
  for (const hash of HASH_NAMES) {
    const message = randomBytes(40)
    for (const [at, secret] of keys.entries())
      assert.deepEqual(natives[at]?.mac(hash, message), expected(hash, message, secret))
  }
  for (const native of natives) native.close()
})

test('a message of any length is signed, with and without a kept context', () => {
  const opened = openMacKey('generic-secret', key)
  for (const length of [NATIVE_MESSAGE_BYTES - 1, NATIVE_MESSAGE_BYTES, NATIVE_MESSAGE_BYTES + 1, 100_000]) {
    const message = randomBytes(length)
    const mechanism = { name: 'hmac', hash: 'sha256' } as const
    const mac = expected('sha256', message)
    assert.deepEqual(opened.sign(mechanism, message), mac)
    assert.deepEqual(opened.sign({ ...mechanism, 'mac-length': 16 }, message), mac.subarray(0, 16))
    assert.equal(opened.verify(mechanism, message, mac), true)
  }
  opened.close()
})

test('more than it has room for is refused, and does not spoil the next one', () => {
  const native = nativeHmac(key)
  const message = randomBytes(32)
  for (let round = 0; round < 3; round++) {
    assert.throws(() => native.mac('sha256', Buffer.alloc(NATIVE_MESSAGE_BYTES + 1)), RangeError)
    assert.throws(() => native.mac('nonsense' as Hash, message))
    assert.throws(() => createPrivateKey('no key'), { code: 'ERR_OSSL_UNSUPPORTED' })
    assert.deepEqual(native.mac('sha256', message), expected('sha256', message))
  }
  native.close()
})

test('a closed key makes no MAC', () => {
  const native = nativeHmac(key)
  native.mac('sha256', Buffer.alloc(1))
  native.close()
  native.close()
  assert.throws(() => native.mac('sha256', Buffer.alloc(1)), /closed/)
  const opened = openMacKey('generic-secret', key)
  opened.close()
  assert.throws(() => opened.sign({ name: 'hmac', hash: 'sha256' }, Buffer.alloc(1)), /closed/)
})

test('a closed key leaves nothing behind, nor does one that changes its hash function or that failed', () => {
  const message = Buffer.alloc(1)
  const { made, left } = handlesOf(() => {
    const native = nativeHmac(key)
    for (const hash of ['sha256', 'sha256', 'sha512', 'sha256'] as const) native.mac(hash, message)
    assert.throws(() => native.mac('sha256', Buffer.alloc(NATIVE_MESSAGE_BYTES + 1)), RangeError)
    assert.throws(() => native.mac('nonsense' as Hash, message))
    native.mac('sha256', message)
    native.close()
    native.close()
  })
  assert.deepEqual({ made, left }, { made: 3 + 1 + 1, left: 0 })
})
