import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { HASH_NAMES, HASHES } from '../../../src/contract/algorithms.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import type { SigningKey } from '../../../src/crypto/signing-keys.ts'
import { DATA, digestInfoOf, digestOf, failsWith, type Opened, open, pkcs, pss } from './signing-support.ts'

const MODULUS_BYTES = 256

describe('RSA', () => {
  let rsa: Opened
  before(async () => {
    rsa = await open()
  })
  after(() => rsa.signing.close())

  for (const hash of HASH_NAMES) {
    test(`PKCS #1 v1.5 with ${hash}: raw and digest give the same bytes`, async () => {
      const { signing, verifying } = rsa
      const signature = await signing.sign(pkcs(hash, 'raw'), DATA)
      assert.deepEqual(await signing.sign(pkcs(hash, 'digest'), digestInfoOf(hash)), signature)
      assert.equal(signature.length, MODULUS_BYTES)
      assert.equal(verifying.verify(pkcs(hash, 'raw'), DATA, signature), true)
      assert.equal(verifying.verify(pkcs(hash, 'digest'), digestInfoOf(hash), signature), true)
      assert.equal(verifying.verify(pkcs(hash, 'raw'), Buffer.from('else'), signature), false)
      const [other = 'sha1'] = HASH_NAMES.filter((name) => name !== hash)
      assert.equal(verifying.verify(pkcs(other, 'raw'), DATA, signature), false)
      assert.equal(verifying.verify(pkcs(other, 'digest'), digestInfoOf(other), signature), false)
    })

    test(`PSS with ${hash}: raw and digest are the same scheme, for short and long salts`, async () => {
      const { signing, verifying } = rsa
      const { bytes } = HASHES[hash]
      for (const salt of [0, bytes, MODULUS_BYTES - bytes - 2]) {
        for (const [input, data] of [
          ['raw', DATA],
          ['digest', digestOf(hash)],
        ] as const) {
          const signature = await signing.sign(pss(hash, input, salt), data)
          assert.equal(signature.length, MODULUS_BYTES)
          assert.equal(verifying.verify(pss(hash, 'raw', salt), DATA, signature), true, `${salt} ${input}`)
          assert.equal(verifying.verify(pss(hash, 'digest', salt), digestOf(hash), signature), true)
          assert.equal(verifying.verify(pss(hash, 'digest', salt), Buffer.alloc(bytes), signature), false)
          const otherSalt = salt === 0 ? 1 : salt - 1
          assert.equal(verifying.verify(pss(hash, 'raw', otherSalt), DATA, signature), false)
          assert.equal(verifying.verify(pss(hash, 'digest', otherSalt), digestOf(hash), signature), false)
        }
      }
    })
  }

  test('a salt that does not fit the modulus is refused', () => {
    const { signing, verifying } = rsa
    for (const hash of HASH_NAMES) {
      const longest = MODULUS_BYTES - HASHES[hash].bytes - 2
      const tooLong = failsWith('invalid-mechanism', new RegExp(`salt-length must be at most ${longest} `))
      for (const input of ['raw', 'digest'] as const) {
        const mechanism = pss(hash, input, longest + 1)
        assert.throws(() => signing.sign(mechanism, digestOf(hash)), tooLong)
        assert.throws(() => verifying.verify(mechanism, digestOf(hash), Buffer.alloc(256)), tooLong)
      }
    }
  })

  test('the mask generation function must use the hash of the signature', () => {
    const { signing, verifying } = rsa
    const mechanism: Mechanism = {
      name: 'rsa-pkcs-pss',
      hash: 'sha256',
      input: 'raw',
      mgf: 'mgf1-sha1',
      'salt-length': 20,
    }
    const bad = failsWith('invalid-mechanism', /^mgf must be mgf1-sha256/)
    assert.throws(() => signing.sign(mechanism, DATA), bad)
    assert.throws(() => verifying.verify(mechanism, DATA, Buffer.alloc(256)), bad)
  })

  test('for PKCS #1 v1.5 the digest is a DigestInfo of that hash, to the byte', () => {
    const { signing, verifying } = rsa
    const good = digestInfoOf('sha256')
    const withoutParameters = Buffer.concat([
      Buffer.from('302f300b06096086480165030402010420', 'hex'),
      digestOf('sha256'),
    ])
    const bad = [
      digestOf('sha256'),
      digestInfoOf('sha384'),
      Buffer.alloc(good.length),
      good.subarray(1),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.of(0)]),
      withoutParameters,
      Buffer.alloc(0),
    ]
    for (const data of bad) {
      const refused = failsWith('invalid-data', /^data must be the DER DigestInfo of a sha256 digest$/)
      assert.throws(() => signing.sign(pkcs('sha256', 'digest'), data), refused)
      assert.throws(() => verifying.verify(pkcs('sha256', 'digest'), data, Buffer.alloc(256)), refused)
    }
    const short = failsWith('invalid-data', /sha256 digest of 32 bytes, not 20$/)
    assert.throws(() => signing.sign(pss('sha256', 'digest'), digestOf('sha1')), short)
    assert.throws(() => verifying.verify(pss('sha256', 'digest'), digestOf('sha1'), Buffer.alloc(256)), short)
  })

  test('whatever is not the signature is not valid', async () => {
    const { signing, verifying } = rsa
    const checks = [
      [pkcs('sha256', 'raw'), DATA],
      [pkcs('sha256', 'digest'), digestInfoOf('sha256')],
      [pss('sha256', 'raw'), DATA],
      [pss('sha256', 'digest'), digestOf('sha256')],
    ] as const
    for (const [mechanism, data] of checks) {
      const good = await signing.sign(mechanism, data)
      const anything = fc.oneof(
        fc.nat(MODULUS_BYTES - 1).map((at) => Buffer.from(good).fill((good[at] ?? 0) ^ 0x10, at, at + 1)),
        fc.uint8Array({ minLength: MODULUS_BYTES, maxLength: MODULUS_BYTES }),
        fc.uint8Array({ maxLength: 2 * MODULUS_BYTES }),
        fc.constantFrom(
          Buffer.alloc(MODULUS_BYTES),
          Buffer.alloc(MODULUS_BYTES, 0xff),
          good.subarray(1),
          Buffer.concat([Buffer.of(0), good]),
        ),
      )
      fc.assert(
        fc.property(
          anything,
          (signature) => verifying.verify(mechanism, data, Buffer.from(signature)) === false,
        ),
        { numRuns: 100 },
      )
    }
  })

  test('a signature whose leading zero was dropped is not valid', async () => {
    const { signing, verifying } = rsa
    for (const name of ['raw', 'digest'] as const) {
      const zero = await withLeadingZero(signing, name)
      assert.equal(verifying.verify(pss('sha256', name, 32), digestOrData(name), zero), true)
      assert.equal(verifying.verify(pss('sha256', name, 32), digestOrData(name), zero.subarray(1)), false)
    }
  })

  test('what has no place in the thread pool takes turns with everything else on the event loop', async () => {
    const { signing } = rsa
    let rounds = 0
    let waiting = setImmediate(function count() {
      rounds += 1
      waiting = setImmediate(count)
    })
    await Promise.all(
      Array.from({ length: 8 }, () => signing.sign(pss('sha256', 'digest', 32), digestOf('sha256'))),
    )
    clearImmediate(waiting)
    assert.ok(rounds >= 7, `${rounds}`)
  })
})

const digestOrData = (input: 'raw' | 'digest'): Buffer => (input === 'raw' ? DATA : digestOf('sha256'))

/** About one signature in 256 begins with a zero. */
async function withLeadingZero(signing: SigningKey, input: 'raw' | 'digest'): Promise<Buffer> {
  for (let tries = 0; tries < 10_000; tries++) {
    const signature = await signing.sign(pss('sha256', input, 32), digestOrData(input))
    if (signature[0] === 0) return signature
  }
  return assert.fail('no signature begins with a zero')
}
