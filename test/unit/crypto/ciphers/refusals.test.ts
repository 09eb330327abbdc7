import assert from 'node:assert/strict'
import { createHash, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { HASH_NAMES } from '../../../../src/contract/algorithms.ts'
import type { Cipher } from '../../../../src/contract/mechanisms.ts'
import { checkNonce, withIv } from '../../../../src/crypto/ciphers/ciphers.ts'
import { failsWith } from '../signing-support.ts'
import { decrypt, encrypt, keyOf, RSA, SYMMETRIC, unitOf } from './cipher-support.ts'

/** The one answer to everything that cannot be decrypted. */
const failed = failsWith('decryption-failed', /^Decryption failed$/)
const oaep: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }
const gcm = { name: 'aes-gcm', iv: Buffer.alloc(12), aad: Buffer.alloc(3), 'tag-length-bits': 128 } as const

suite('what cannot be decrypted', () => {
  test('GCM: any change of ciphertext, tag, IV or additional data', async () => {
    const key = keyOf(gcm)
    const sealed = await encrypt(key, gcm, Buffer.from('attack at dawn'))
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(sealed.readUInt8(at) ^ 1, at)
      await assert.rejects(decrypt(key, gcm, changed), failed, `byte ${at}`)
    }
    const others: readonly Cipher[] = [
      { ...gcm, iv: Buffer.from('000000000000000000000001', 'hex') },
      { ...gcm, iv: Buffer.alloc(13) },
      { ...gcm, aad: Buffer.of(0, 0, 1) },
      { ...gcm, aad: undefined },
      { ...gcm, 'tag-length-bits': 120 },
    ]
    for (const other of others) await assert.rejects(decrypt(key, other, sealed), failed)
    for (const length of [0, 5, 15, 16, sealed.length - 1]) {
      await assert.rejects(decrypt(key, gcm, sealed.subarray(0, length)), failed, `${length} bytes`)
    }
    await assert.rejects(
      async () => decrypt(key, { ...gcm, iv: undefined }, sealed),
      failsWith('invalid-mechanism'),
    )
  })

  for (const cipher of SYMMETRIC.filter(({ name }) => /(ecb|cbc|pad)$/.test(name))) {
    test(`${cipher.name}: a length that is not of whole blocks`, async () => {
      const key = keyOf(cipher)
      for (const length of [1, 7, 17, 31]) {
        await assert.rejects(decrypt(key, cipher, Buffer.alloc(length)), failed)
        if (unitOf(cipher) === 1) continue
        await assert.rejects(
          async () => encrypt(key, cipher, Buffer.alloc(length)),
          failsWith('invalid-data', /must be a multiple of (8|16) bytes/),
        )
      }
      if (unitOf(cipher) === 1) await assert.rejects(decrypt(key, cipher, Buffer.alloc(0)), failed)
    })
  }

  test('CBC: every padding that is not that of PKCS #7', async () => {
    const [plain, padded] = [SYMMETRIC[1], SYMMETRIC[2]] as [Cipher & { iv: Buffer }, Cipher]
    const cipher = { ...padded, iv: plain.iv } as Cipher
    const key = keyOf(cipher)
    const paddings = [[0], [17], [255], [1, 2], [2, 3, 3], Array(16).fill(17), [...Array(15).fill(15), 16]]
    for (const padding of paddings) {
      const block = Buffer.concat([Buffer.alloc(16 - padding.length, 0x41), Buffer.from(padding)])
      await assert.rejects(decrypt(key, cipher, await encrypt(key, plain, block)), failed, `${padding}`)
    }
    const sound = Buffer.alloc(16, 16)
    assert.equal((await decrypt(key, cipher, await encrypt(key, plain, sound))).length, 0)
  })

  test('OAEP: another hash, label or key, a changed block, another length', async () => {
    const labelled = { ...oaep, label: Buffer.from('label') }
    const sealed = await encrypt(RSA.publicKey, labelled, Buffer.from('key'))
    assert.equal((await decrypt(RSA.privateKey, labelled, sealed)).toString(), 'key')
    const changed = Buffer.from(sealed)
    changed.writeUInt8(sealed.readUInt8(100) ^ 1, 100)
    const rows = [
      [oaep, sealed],
      [{ ...labelled, hash: 'sha1' }, sealed],
      [{ ...labelled, mgf: 'mgf1-sha1' }, sealed],
      [labelled, changed],
      [labelled, sealed.subarray(1)],
      [labelled, Buffer.concat([Buffer.alloc(1), sealed])],
      [labelled, Buffer.alloc(256, 255)],
      [labelled, Buffer.alloc(0)],
    ] as const
    for (const [cipher, data] of rows) {
      await assert.rejects(async () => decrypt(RSA.privateKey, cipher as Cipher, data), failed)
    }
  })

  test('PKCS #1 v1.5: wrong padding looks like a message, always the same one', async () => {
    const cipher: Cipher = { name: 'rsa-pkcs' }
    const block = publicEncrypt({ key: RSA.publicKey, padding: 3 }, Buffer.alloc(256, 1))
    const first = await decrypt(RSA.privateKey, cipher, block)
    assert.ok(first.length <= 245)
    assert.deepEqual(await decrypt(RSA.privateKey, cipher, block), first)
    await assert.rejects(decrypt(RSA.privateKey, cipher, block.subarray(1)), failed)
    await assert.rejects(decrypt(RSA.privateKey, cipher, Buffer.alloc(256, 255)), failed)
  })
})

suite('RSA', () => {
  test('OAEP with every pair of hash functions, and node:crypto where it can', async () => {
    for (const hash of HASH_NAMES) {
      for (const other of HASH_NAMES) {
        const cipher: Cipher = { name: 'rsa-oaep', hash, mgf: `mgf1-${other}`, label: Buffer.from('label') }
        const longest = Buffer.alloc(256 - 2 * createHash(hash).digest().length - 2, 7)
        const sealed = await encrypt(RSA.publicKey, cipher, longest)
        assert.deepEqual(await decrypt(RSA.privateKey, cipher, sealed), longest, `${hash} ${other}`)
        await assert.rejects(
          async () => encrypt(RSA.publicKey, cipher, Buffer.alloc(longest.length + 1)),
          failsWith('invalid-data'),
        )
        if (hash !== other) continue
        const options = { key: RSA.privateKey, oaepHash: hash, oaepLabel: Buffer.from('label') }
        assert.deepEqual(privateDecrypt(options, sealed), longest)
      }
    }
  })

  test('PKCS #1 v1.5: up to 11 bytes less than the modulus', async () => {
    for (const length of [0, 1, 245]) {
      const message = randomBytes(length)
      const sealed = await encrypt(RSA.publicKey, { name: 'rsa-pkcs' }, message)
      assert.deepEqual(await decrypt(RSA.privateKey, { name: 'rsa-pkcs' }, sealed), message)
    }
    const tooLong = async () => encrypt(RSA.publicKey, { name: 'rsa-pkcs' }, Buffer.alloc(246))
    await assert.rejects(tooLong, failsWith('invalid-data', /at most 245 bytes/))
  })

  test('without padding: a number below the modulus, with leading zeros when it comes back', async () => {
    const raw: Cipher = { name: 'rsa-x509' }
    const sealed = await encrypt(RSA.publicKey, raw, Buffer.of(1, 2, 3))
    const opened = await decrypt(RSA.privateKey, raw, sealed)
    assert.deepEqual(opened, Buffer.concat([Buffer.alloc(253), Buffer.of(1, 2, 3)]))
    for (const data of [Buffer.alloc(256, 255), Buffer.alloc(257)]) {
      await assert.rejects(async () => encrypt(RSA.publicKey, raw, data), failsWith('invalid-data'))
    }
    await assert.rejects(decrypt(RSA.privateKey, raw, Buffer.alloc(256, 255)), failed)
  })
})

suite('nonces', () => {
  test('a counter that would wrap', async () => {
    const ctr = (bits: number, last: number): Cipher => ({
      name: 'aes-ctr',
      'counter-block': Buffer.concat([Buffer.alloc(15, 255), Buffer.of(last)]),
      'counter-bits': bits,
    })
    const fits = [
      [8, 0, 256 * 16],
      [8, 250, 6 * 16],
      [4, 0xf8, 8 * 16],
      [1, 0xff, 16],
      [128, 0xff, 16],
    ] as const
    for (const [bits, last, longest] of fits) {
      const cipher = ctr(bits, last)
      assert.equal((await encrypt(keyOf(cipher), cipher, Buffer.alloc(longest))).length, longest)
      for (const work of [encrypt, decrypt]) {
        const wraps = async () => work(keyOf(cipher), cipher, Buffer.alloc(longest + 1))
        await assert.rejects(wraps, failsWith('invalid-data', new RegExp(`at most ${longest} bytes`)))
      }
    }
  })

  test('an IV that is left out is made, and one that is given serves for one message', () => {
    const none: Cipher = { name: 'aes-gcm', 'tag-length-bits': 128 }
    const [first, second] = [withIv(none), withIv(none)]
    assert.equal(first.made?.length, 12)
    assert.notDeepEqual(first.made, second.made)
    assert.deepEqual(first.cipher, { ...none, iv: first.made })
    assert.deepEqual(withIv(gcm), { cipher: gcm, made: undefined })

    const once = failsWith('invalid-mechanism')
    assert.throws(() => checkNonce(gcm, 2), once)
    const ctr: Cipher = { name: 'aes-ctr', 'counter-block': Buffer.alloc(16), 'counter-bits': 32 }
    assert.throws(() => checkNonce(ctr, 2), once)
    checkNonce(gcm, 1)
    checkNonce(none, 2)
    checkNonce({ name: 'rsa-pkcs' }, 2)
  })
})
