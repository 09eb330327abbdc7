import assert from 'node:assert/strict'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { suite, test } from 'node:test'
import { CURVES } from '../../../src/contract/algorithms.ts'
import { referenceFile } from '../../../src/crypto/reference-file.ts'

const REFERENCE = '0x0000000000001f2a'
/** `strongrm` and the reference, as docs/KEY-FILES.md has it. */
const NUMBER = '7374726f6e67726d0000000000001f2a'
const DATA = Buffer.from('message')

const bodyOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]*-----|\n/g, ''), 'base64')
const publicDer = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' })

/** Programs read the file as a private key, take the right public key from it, and nothing else. */
function readsAs(key: KeyObject): KeyObject {
  const pem = referenceFile('reference-pem', REFERENCE, key)
  assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PRIVATE KEY-----\n$/)
  const read = createPrivateKey(pem)
  assert.deepEqual(publicDer(read), publicDer(key))
  assert.ok(bodyOf(pem).includes(Buffer.from(NUMBER, 'hex')))
  return read
}

suite('files that name a private key', () => {
  test('RSA: nothing can be computed with it', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const read = readsAs(privateKey)
    assert.throws(() => sign('sha256', DATA, read))
    const { d, p, q, dp, dq, qi } = read.export({ format: 'jwk' })
    assert.equal(Buffer.from(d ?? '', 'base64url').toString('hex'), NUMBER)
    for (const number of [p, q, dp, dq, qi]) assert.match(number ?? '', /^A*$/)
  })

  for (const [curve, { openssl }] of Object.entries(CURVES)) {
    test(`${curve}: what it signs does not verify`, () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: openssl })
      const read = readsAs(privateKey)
      assert.equal(verify('sha256', DATA, createPublicKey(privateKey), sign('sha256', DATA, read)), false)
    })
  }

  test('Ed25519 and ML-DSA: a body that no program takes for a key', () => {
    for (const privateKey of [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('ml-dsa-44').privateKey,
    ]) {
      const pem = referenceFile('cloudhsm-reference-pem', REFERENCE, privateKey)
      assert.match(
        pem,
        /^-----BEGIN CLOUDHSM KEY REFERENCE-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END CLOUDHSM KEY/,
      )
      assert.throws(() => createPrivateKey(pem))
      const start = `0201000408${REFERENCE.slice(2)}`
      const body = bodyOf(pem)
      const content = body.subarray(-(start.length / 2 + publicDer(privateKey).length))
      assert.deepEqual(content, Buffer.concat([Buffer.from(start, 'hex'), publicDer(privateKey)]))
    }
  })
})
