import assert from 'node:assert/strict'
import {
  constants,
  createCipheriv,
  createDecipheriv,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Cipher } from '../../../src/contract/mechanisms.ts'
import { bringRsa, bringSecret } from '../../support/crypto-keys.ts'
import { fails } from '../../support/errors.ts'
import { base64, createWorld, makeAes, type Person, reference, type World } from '../../support/world.ts'

const iv = (bytes: number): string => randomBytes(bytes).toString('base64')
const bytes = (text: string): Buffer => Buffer.from(text, 'base64')

const AES: readonly Cipher[] = [
  { name: 'aes-ecb' },
  { name: 'aes-cbc', iv: iv(16) },
  { name: 'aes-cbc-pad', iv: iv(16) },
  { name: 'aes-ctr', 'counter-block': `${iv(12)}AAAAAA==`, 'counter-bits': 32 },
]
const DES3: readonly Cipher[] = [
  { name: 'des3-ecb' },
  { name: 'des3-cbc', iv: iv(8) },
  { name: 'des3-cbc-pad', iv: iv(8) },
]
const GCM = { name: 'aes-gcm', aad: base64('header'), 'tag-length-bits': 128 } as const

/** Data are encrypted and decrypted as everyone else does it, with keys that allow it. */
export function encryptionContract(open: () => Promise<Hsm>): void {
  let world: World
  let aes: { key: string; value: Buffer }
  let des3: { key: string; value: Buffer }
  let rsa: Awaited<ReturnType<typeof bringRsa>>
  before(async () => {
    world = await createWorld(await open())
    aes = await bringSecret(world, 'alice', 'aes')
    des3 = await bringSecret(world, 'alice', 'des3')
    rsa = await bringRsa(world, 'alice')
  })
  const encrypt = (key: string, cipher: Cipher, data: string[], who: Person = 'alice') =>
    world.as(who, 'crypto.encrypt', { filter: reference(key), cipher, data })
  const decrypt = (key: string, cipher: Cipher, data: string[], who: Person = 'alice') =>
    world.as(who, 'crypto.decrypt', { filter: reference(key), cipher, data })

  suite('encrypt and decrypt', () => {
    for (const cipher of [...AES, ...DES3]) {
      test(`${cipher.name} is what node:crypto does`, async () => {
        const isAes = cipher.name.startsWith('aes')
        const { key, value } = isAes ? aes : des3
        const mode = cipher.name.split('-')[1]
        const nonce =
          'iv' in cipher
            ? bytes(cipher.iv ?? '')
            : 'counter-block' in cipher
              ? bytes(cipher['counter-block'])
              : null
        const here = createCipheriv(`${isAes ? 'aes-256' : 'des-ede3'}-${mode}`, value, nonce)
        const padded = cipher.name.endsWith('pad')
        here.setAutoPadding(padded)
        const plain = randomBytes(padded ? 50 : 48)
        const expected = Buffer.concat([here.update(plain), here.final()]).toString('base64')
        const reply = await encrypt(key, cipher, [plain.toString('base64')])
        assert.deepEqual(reply, { 'key-reference': key, data: [expected] })
        assert.deepEqual(await decrypt(key, cipher, reply.data), {
          'key-reference': key,
          data: [plain.toString('base64')],
        })
      })
    }

    test('aes-gcm: a batch under one IV each, made by the HSM, with the tag behind', async () => {
      const items = ['one', 'two', ''].map(base64)
      const { data, ivs = [] } = await encrypt(aes.key, GCM, items)
      assert.equal(new Set(ivs).size, 3)
      for (const [at, item] of data.entries()) {
        const sealed = bytes(item)
        const there = createDecipheriv('aes-256-gcm', aes.value, bytes(ivs[at] ?? ''))
        there.setAAD(Buffer.from('header')).setAuthTag(sealed.subarray(-16))
        assert.equal(
          Buffer.concat([there.update(sealed.subarray(0, -16)), there.final()]).toString('base64'),
          items[at],
        )
        const opened = await decrypt(aes.key, { ...GCM, iv: ivs[at] }, [item])
        assert.deepEqual(opened.data, [items[at]])
      }
    })

    test('aes-gcm: an IV that is given, and any length of tag', async () => {
      for (const bits of [32, 64, 96, 104, 112, 120, 128] as const) {
        const cipher: Cipher = { ...GCM, iv: iv(16), 'tag-length-bits': bits }
        const { data, ivs } = await encrypt(aes.key, cipher, [base64('text')])
        assert.equal(ivs, undefined)
        assert.equal(bytes(data[0] ?? '').length, 4 + bits / 8)
        assert.deepEqual((await decrypt(aes.key, cipher, data)).data, [base64('text')])
      }
    })

    test('RSA, in both directions', async () => {
      const text = Buffer.from('a key, perhaps')
      const OAEP = constants.RSA_PKCS1_OAEP_PADDING
      const block = Buffer.concat([Buffer.alloc(256 - text.length), text])
      const rows: readonly (readonly [Cipher, object, Buffer, Buffer])[] = [
        [{ name: 'rsa-pkcs' }, { padding: constants.RSA_PKCS1_PADDING }, text, text],
        [
          { name: 'rsa-oaep', hash: 'sha384', mgf: 'mgf1-sha384', label: base64('label') },
          { padding: OAEP, oaepHash: 'sha384', oaepLabel: Buffer.from('label') },
          text,
          text,
        ],
        [{ name: 'rsa-x509' }, { padding: constants.RSA_NO_PADDING }, text, block],
      ]
      for (const [cipher, options, message, opened] of rows) {
        const { data } = await encrypt(rsa.pub, cipher, [message.toString('base64')], 'bob')
        assert.deepEqual(
          privateDecrypt({ key: rsa.privateKey, ...options }, bytes(data[0] ?? '')),
          opened,
          cipher.name,
        )
        const theirs = publicEncrypt({ key: rsa.publicKey, ...options }, opened)
        const reply = await decrypt(rsa.priv, cipher, [theirs.toString('base64')])
        assert.deepEqual(bytes(reply.data[0] ?? ''), opened, cipher.name)
      }
    })

    test('rsa-oaep with another hash function for MGF1, as Java has it', async () => {
      const cipher: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha1' }
      const { data } = await encrypt(rsa.pub, cipher, [base64('text')])
      assert.deepEqual((await decrypt(rsa.priv, cipher, data)).data, [base64('text')])
      const same: Cipher = { ...cipher, mgf: 'mgf1-sha256' }
      await assert.rejects(decrypt(rsa.priv, same, data), fails('decryption-failed', 'Decryption failed'))
    })

    test('whatever is wrong with a ciphertext, the answer is the same', async () => {
      const gcm: Cipher = { ...GCM, iv: iv(12) }
      const pad: Cipher = { name: 'aes-cbc-pad', iv: iv(16) }
      const oaep: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }
      const sealed = bytes((await encrypt(aes.key, gcm, [base64('text')])).data[0] ?? '')
      sealed[0] = (sealed[0] ?? 0) ^ 1
      const wrongPadding = (await encrypt(aes.key, { name: 'aes-cbc', iv: pad.iv }, [base64('0'.repeat(16))]))
        .data
      const rows: readonly (readonly [string, Cipher, string])[] = [
        [aes.key, gcm, sealed.toString('base64')],
        [aes.key, gcm, base64('too short')],
        [aes.key, pad, wrongPadding[0] ?? ''],
        [aes.key, pad, base64('not whole')],
        [aes.key, pad, ''],
        [aes.key, { name: 'aes-ecb' }, base64('not whole')],
        [rsa.priv, oaep, randomBytes(256).toString('base64')],
        [rsa.priv, oaep, base64('short')],
        [rsa.priv, oaep, randomBytes(300).toString('base64')],
        [rsa.priv, { name: 'rsa-x509' }, Buffer.alloc(256, 255).toString('base64')],
      ]
      for (const [key, cipher, item] of rows) {
        await assert.rejects(decrypt(key, cipher, [item]), fails('decryption-failed', 'Decryption failed'))
      }
    })

    test('what the key, its class, its type or its attributes do not allow', async () => {
      const idle = await makeAes(world, 'alice', 'idle')
      await world.as('alice', 'key.set-attribute', {
        filter: reference(idle),
        attributes: { encrypt: false, decrypt: false },
      })
      const secret = await bringSecret(world, 'alice', 'generic-secret')
      const ecb: Cipher = { name: 'aes-ecb' }
      const pkcs: Cipher = { name: 'rsa-pkcs' }
      const item = [base64('0'.repeat(16))]
      const refusals = [
        [() => encrypt(idle, ecb, item), 'key-function'],
        [() => decrypt(idle, ecb, item), 'key-function'],
        [() => encrypt(aes.key, ecb, item, 'bob'), 'key-selection'],
        [() => decrypt(rsa.priv, pkcs, item, 'bob'), 'key-selection'],
        [() => encrypt(aes.key, ecb, item, 'admin'), 'not-permitted'],
        [() => encrypt(rsa.priv, pkcs, item), 'key-type'],
        [() => decrypt(rsa.pub, pkcs, item), 'key-type'],
        [() => encrypt(des3.key, ecb, item), 'key-type'],
        [() => encrypt(aes.key, pkcs, item), 'key-type'],
        [() => encrypt(secret.key, ecb, item), 'key-type'],
      ] as const
      for (const [call, expected] of refusals) await assert.rejects(call, fails(expected))
    })

    test('data and parameters that cannot be right', async () => {
      const call = (key: string, cipher: object, data: string[]) => encrypt(key, cipher as Cipher, data)
      const item = [base64('0'.repeat(16))]
      const given = { ...GCM, iv: iv(12) }
      const ctr = {
        name: 'aes-ctr',
        'counter-block': Buffer.alloc(16, 255).toString('base64'),
        'counter-bits': 8,
      }
      const refusals = [
        [() => call(aes.key, { name: 'aes-ecb' }, [base64('odd')]), 'invalid-data'],
        [() => call(rsa.pub, { name: 'rsa-pkcs' }, [base64('0'.repeat(246))]), 'invalid-data'],
        [
          () => call(rsa.pub, { name: 'rsa-x509' }, [Buffer.alloc(256, 255).toString('base64')]),
          'invalid-data',
        ],
        [() => call(aes.key, ctr, [base64('0'.repeat(17))]), 'invalid-data'],
        [() => call(aes.key, given, ['', '']), 'invalid-mechanism'],
        [() => call(aes.key, { ...ctr, 'counter-bits': 64 }, ['', '']), 'invalid-mechanism'],
        [() => decrypt(aes.key, GCM, item), 'invalid-mechanism'],
        [() => call(aes.key, { name: 'aes-cbc', iv: iv(12) }, item), 'invalid-request'],
        [() => call(aes.key, { name: 'aes-cbc' }, item), 'invalid-request'],
        [() => call(aes.key, { ...GCM, iv: '' }, item), 'invalid-request'],
        [() => call(aes.key, { ...GCM, 'tag-length-bits': 16 }, item), 'invalid-request'],
        [() => call(aes.key, { ...ctr, 'counter-bits': 129 }, item), 'invalid-request'],
        [() => call(aes.key, { name: 'aes-xts' }, item), 'invalid-request'],
        [() => call(rsa.pub, { name: 'rsa-oaep', hash: 'md5', mgf: 'mgf1-sha1' }, item), 'invalid-request'],
        [() => call(aes.key, { name: 'aes-ecb' }, []), 'invalid-request'],
      ] as const
      for (const [refused, expected] of refusals) await assert.rejects(refused, fails(expected))
    })
  })

  test('random bytes, as many as were asked for', async () => {
    const random = (count: number, who: Person = 'alice') => world.as(who, 'crypto.random', { bytes: count })
    for (const count of [1, 32, LIMITS.randomBytes]) {
      assert.equal(bytes((await random(count)).data).length, count)
    }
    assert.notEqual((await random(32)).data, (await random(32, 'admin')).data)
    for (const count of [0, -1, 1.5, LIMITS.randomBytes + 1]) {
      await assert.rejects(random(count), fails('invalid-request', /bytes/))
    }
    await assert.rejects(world.hsm.call('crypto.random', { bytes: 8 }), fails('not-logged-in'))
  })
}
