import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LIMITS } from '../../../../src/contract/limits.ts'
import type { Cipher } from '../../../../src/contract/mechanisms.ts'
import { cipherStream } from '../../../../src/crypto/ciphers/ciphers.ts'
import { gcmOpen } from '../../../support/gcm-open.ts'
import { failsWith } from '../signing-support.ts'
import { decrypt, encrypt, inParts, keyOf, RSA, SYMMETRIC, secret, unitOf } from './cipher-support.ts'

const sizes = fc.array(fc.nat(40), { maxLength: 12 })

suite('messages in parts', () => {
  for (const cipher of SYMMETRIC) {
    test(`${cipher.name}: any parts make the same as the whole`, async () => {
      const key = keyOf(cipher)
      const message = fc
        .uint8Array({ maxLength: 300 })
        .map((bytes) => Buffer.from(bytes).subarray(0, bytes.length - (bytes.length % unitOf(cipher))))
      await fc.assert(
        fc.asyncProperty(message, sizes, sizes, async (plain, parts, otherParts) => {
          const sealed = await encrypt(key, cipher, plain)
          assert.deepEqual(await decrypt(key, cipher, sealed), plain)
          assert.deepEqual(Buffer.concat(await inParts(key, cipher, 'encrypt', plain, parts)), sealed)
          assert.deepEqual(Buffer.concat(await inParts(key, cipher, 'decrypt', sealed, otherParts)), plain)
        }),
        { numRuns: 60 },
      )
    })
  }

  test('cloudhsm-aes-gcm: with the IV in front, in any parts', async () => {
    const cipher: Cipher = { name: 'cloudhsm-aes-gcm', 'tag-length-bits': 128 }
    const value = randomBytes(16)
    const key = secret(value)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), sizes, sizes, async (bytes, parts, otherParts) => {
        const plain = Buffer.from(bytes)
        const sealed = Buffer.concat(await inParts(key, cipher, 'encrypt', plain, parts))
        assert.deepEqual(gcmOpen(value, sealed), plain)
        assert.deepEqual(Buffer.concat(await inParts(key, cipher, 'decrypt', sealed, otherParts)), plain)
      }),
      { numRuns: 60 },
    )
  })

  test('a step hands out what is ready, block by block', async () => {
    const message = randomBytes(64)
    const given = async (name: string, direction: 'encrypt' | 'decrypt', data: Buffer, sizes: number[]) => {
      const cipher = SYMMETRIC.find((one) => one.name === name) as Cipher
      return (await inParts(keyOf(cipher), cipher, direction, data, sizes)).map(({ length }) => length)
    }
    const sealed = await encrypt(keyOf({ name: 'aes-ecb' }), SYMMETRIC[2] as Cipher, message)
    assert.equal(sealed.length, 80)
    assert.deepEqual(await given('aes-cbc', 'encrypt', message, [1, 15, 33]), [0, 16, 32, 16])
    assert.deepEqual(await given('aes-ctr', 'encrypt', message, [1, 15, 33]), [1, 15, 33, 15])
    assert.deepEqual(await given('aes-gcm', 'encrypt', message, [1, 15, 33]), [1, 15, 33, 15 + 12])
    const inFront: Cipher = { name: 'cloudhsm-aes-gcm', 'tag-length-bits': 128 }
    const steps = await inParts(keyOf(inFront), inFront, 'encrypt', message, [1, 15, 33])
    assert.deepEqual(
      steps.map(({ length }) => length),
      [12 + 1, 15, 33, 15 + 16],
    )
    assert.deepEqual(await given('des3-ecb', 'encrypt', message, [7, 1, 9]), [0, 8, 8, 48])
    // What may be padding is held back.
    assert.deepEqual(await given('aes-cbc-pad', 'decrypt', sealed, [16, 16, 48]), [0, 16, 48, 0])
  })

  test('an RSA message comes out at the end', async () => {
    const cipher: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }
    const sealed = await inParts(RSA.publicKey, cipher, 'encrypt', Buffer.from('in three parts'), [3, 6])
    assert.deepEqual(
      sealed.map(({ length }) => length),
      [0, 0, 256],
    )
    const opened = await inParts(RSA.privateKey, cipher, 'decrypt', Buffer.concat(sealed), [100, 100])
    assert.equal(Buffer.concat(opened).toString(), 'in three parts')
    await assert.rejects(
      inParts(RSA.publicKey, cipher, 'encrypt', Buffer.alloc(191), [100, 91]),
      failsWith('invalid-data', /at most 190 bytes/),
    )
  })

  for (const [cipher, around] of [
    [{ name: 'aes-gcm', iv: Buffer.alloc(3), 'tag-length-bits': 128 }, 16],
    [{ name: 'cloudhsm-aes-gcm', 'tag-length-bits': 128 }, 12 + 16],
  ] as const satisfies readonly (readonly [Cipher, number])[])
    test(`decryption with ${cipher.name} keeps a bounded message, and nothing after it was closed`, () => {
      const stream = cipherStream(keyOf(cipher), cipher, 'decrypt')
      const part = Buffer.alloc(LIMITS.streamBufferBytes / 8)
      for (let sent = 0; sent < 8; sent++) assert.equal(stream.update(part).length, 0)
      stream.update(Buffer.alloc(around))
      assert.equal(stream.held(), LIMITS.streamBufferBytes + around)
      assert.throws(() => stream.update(Buffer.alloc(1)), failsWith('too-large'))
      stream.close()
      assert.equal(stream.held(), 0)
    })
})
