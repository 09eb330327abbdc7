import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { CURVES, HASH_NAMES, HASHES } from '../../../src/contract/algorithms.ts'
import { CURVE_LIST, DATA, digestOf, ecdsa, failsWith, open } from './signing-support.ts'

for (const curve of CURVE_LIST) {
  test(`${curve}: raw and digest are the same signature scheme, for every hash`, async () => {
    const { signing, verifying } = await open(curve)
    for (const hash of HASH_NAMES) {
      for (const [input, data] of [
        ['raw', DATA],
        ['digest', digestOf(hash)],
      ] as const) {
        const signature = await signing.sign(ecdsa(hash, input), data)
        assert.equal(signature.length, 2 * CURVES[curve].fieldBytes)
        assert.equal(verifying.verify(ecdsa(hash, 'raw'), DATA, signature), true, `${hash} ${input}`)
        assert.equal(verifying.verify(ecdsa(hash, 'digest'), digestOf(hash), signature), true, hash)
        assert.equal(verifying.verify(ecdsa(hash, 'raw'), Buffer.from('else'), signature), false)
        assert.equal(
          verifying.verify(ecdsa(hash, 'digest'), randomBytes(HASHES[hash].bytes), signature),
          false,
        )
      }
    }
    signing.close()
  })

  test(`${curve}: whatever is not the signature is not valid`, async () => {
    const { signing, verifying } = await open(curve)
    const width = 2 * CURVES[curve].fieldBytes
    const good = await signing.sign(ecdsa('sha256', 'raw'), DATA)
    const flipped = fc.nat(width * 8 - 1).map((bit) => {
      const damaged = Buffer.from(good)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return damaged
    })
    const anything = fc.oneof(
      flipped,
      fc.uint8Array({ minLength: width, maxLength: width }),
      fc.uint8Array({ maxLength: 2 * width }),
      fc.constantFrom(
        Buffer.alloc(width),
        Buffer.alloc(width, 0xff),
        good.subarray(1),
        Buffer.concat([good, Buffer.of(0)]),
        Buffer.concat([Buffer.of(0), good.subarray(0, width / 2), Buffer.of(0), good.subarray(width / 2)]),
        Buffer.concat([good.subarray(0, width / 2), Buffer.alloc(width / 2)]),
        Buffer.concat([Buffer.alloc(width / 2), good.subarray(width / 2)]),
      ),
    )
    fc.assert(
      fc.property(anything, (signature) => {
        const bytes = Buffer.from(signature)
        assert.equal(verifying.verify(ecdsa('sha256', 'raw'), DATA, bytes), false)
        assert.equal(verifying.verify(ecdsa('sha256', 'digest'), digestOf('sha256'), bytes), false)
      }),
      { numRuns: 50 },
    )
    signing.close()
  })
}

test('P-256 is signed at once, the slower curves are not', async () => {
  for (const curve of CURVE_LIST) {
    const { signing } = await open(curve)
    for (const [input, data] of [
      ['raw', DATA],
      ['digest', digestOf('sha256')],
    ] as const) {
      const signature = signing.sign(ecdsa('sha256', input), data)
      assert.equal(Buffer.isBuffer(signature), curve === 'secp256r1', `${curve} ${input}`)
      await signature
    }
    signing.close()
  }
})

test('a digest must be as long as the hash says, to sign and to verify', async () => {
  const { signing, verifying } = await open('secp256r1')
  for (const hash of HASH_NAMES) {
    const { bytes } = HASHES[hash]
    for (const length of [0, bytes - 1, bytes + 1]) {
      const bad = failsWith('invalid-data', new RegExp(`${hash} digest of ${bytes} bytes, not ${length}$`))
      const digest = Buffer.alloc(length, 1)
      assert.throws(() => signing.sign(ecdsa(hash, 'digest'), digest), bad)
      assert.throws(() => verifying.verify(ecdsa(hash, 'digest'), digest, Buffer.alloc(64)), bad)
    }
  }
  signing.close()
})
