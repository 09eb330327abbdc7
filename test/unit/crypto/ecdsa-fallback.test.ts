import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CURVES, HASH_NAMES } from '../../../src/contract/algorithms.ts'
import { signDigest, verifyDigest } from '../../../src/crypto/ecdsa-fallback.ts'
import { CURVE_LIST, DATA, digestOf, ecdsa, failsWith, open } from './signing-support.ts'

const run = promisify(execFile)
const without = fileURLToPath(new URL('without-ffi.ts', import.meta.url))

for (const curve of CURVE_LIST.filter((name) => name !== 'secp224r1')) {
  test(`${curve}: JavaScript and OpenSSL accept each other's signatures of digests`, async () => {
    const { signing, verifying, spki, pkcs8 } = await open(curve)
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    for (const hash of HASH_NAMES) {
      const digest = digestOf(hash)
      const ours = signDigest(privateKey, curve, digest)
      assert.equal(ours.length, 2 * CURVES[curve].fieldBytes)
      assert.equal(verifying.verify(ecdsa(hash, 'raw'), DATA, ours), true, hash)
      const theirs = await signing.sign(ecdsa(hash, 'raw'), DATA)
      assert.equal(verifyDigest(publicKey, curve, digest, theirs), true, hash)
      assert.equal(verifyDigest(publicKey, curve, digest.fill(7), theirs), false, hash)
      assert.equal(verifyDigest(publicKey, curve, digest, Buffer.alloc(ours.length)), false, hash)
    }
    signing.close()
  })
}

test('secp224r1 is refused with the reason', async () => {
  const { signing, spki, pkcs8 } = await open('secp224r1')
  const refused = failsWith('invalid-mechanism', /secp224r1 here: no access to OpenSSL$/)
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  assert.throws(() => signDigest(privateKey, 'secp224r1', digestOf('sha256')), refused)
  assert.throws(() => verifyDigest(publicKey, 'secp224r1', digestOf('sha256'), Buffer.alloc(56)), refused)
  signing.close()
})

test('without node:ffi digests are signed by the fallback, or refused with the reason', async () => {
  const { stdout } = await run(process.execPath, ['--no-experimental-ffi', without])
  const pssRefused = 'A digest with rsa-pkcs-pss cannot be used here: no access to OpenSSL'
  const curve = 'secp256r1'
  assert.deepEqual(JSON.parse(stdout), {
    available: false,
    [curve]: true,
    secp521r1: true,
    'rsa-pkcs': true,
    'rsa-pkcs-pss': { sign: pssRefused, verify: pssRefused },
  })
})
