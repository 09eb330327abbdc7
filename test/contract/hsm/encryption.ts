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
import { createWorld, makeAes, type Person, reference, type World } from '../../support/world.ts'

const iv = (bytes: number): Buffer => randomBytes(bytes)
const bytes = (text: string): Buffer => Buffer.from(text)

const AES: readonly Cipher[] = [
  { name: 'aes-ecb' },
  { name: 'aes-cbc', iv: iv(16) },
  { name: 'aes-cbc-pad', iv: iv(16) },
  { name: 'aes-ctr', 'counter-block': Buffer.concat([iv(12), Buffer.alloc(4)]), 'counter-bits': 32 },
]
const DES3: readonly Cipher[] = [
  { name: 'des3-ecb' },
  { name: 'des3-cbc', iv: iv(8) },
  { name: 'des3-cbc-pad', iv: iv(8) },
]
const GCM = { name: 'aes-gcm', aad: bytes('header'), 'tag-length-bits': 128 } as const
const NONE = Buffer.alloc(0)

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
  const encrypt = (key: string, cipher: Cipher, data: readonly Buffer[], who: Person = 'alice') =>
    world.as(who, 'crypto.encrypt', { filter: reference(key), cipher, data: [...data] })
  const decrypt = (key: string, cipher: Cipher, data: readonly Buffer[], who: Person = 'alice') =>
    world.as(who, 'crypto.decrypt', { filter: reference(key), cipher, data: [...data] })

  suite('encrypt and decrypt', () => {
    for (const cipher of [...AES, ...DES3]) {
      test(`${cipher.name} is what node:crypto does`, async () => {
        const isAes = cipher.name.startsWith('aes')
        const { key, value } = isAes ? aes : des3
        const mode = cipher.name.split('-')[1]
        const nonce =
          'iv' in cipher ? (cipher.iv ?? null) : 'counter-block' in cipher ? cipher['counter-block'] : null
        const here = createCipheriv(`${isAes ? 'aes-256' : 'des-ede3'}-${mode}`, value, nonce)
        const padded = cipher.name.endsWith('pad')
        here.setAutoPadding(padded)
        const plain = randomBytes(padded ? 50 : 48)
        const expected = Buffer.concat([here.update(plain), here.final()])
        const reply = await encrypt(key, cipher, [plain])
        assert.deepEqual(reply, { 'key-reference': key, data: [expected] })
        assert.deepEqual(await decrypt(key, cipher, reply.data), {
          'key-reference': key,
          data: [plain],
        })
      })
    }

    test('aes-gcm: a batch under one IV each, made by the HSM, with the tag behind', async () => {
      const items = ['one', 'two', ''].map(bytes)
      const { data, ivs = [] } = await encrypt(aes.key, GCM, items)
      assert.equal(new Set(ivs.map((made) => made.toString('hex'))).size, 3)
      for (const [at, sealed] of data.entries()) {
        const there = createDecipheriv('aes-256-gcm', aes.value, ivs[at] ?? NONE)
        there.setAAD(Buffer.from('header')).setAuthTag(sealed.subarray(-16))
        assert.deepEqual(Buffer.concat([there.update(sealed.subarray(0, -16)), there.final()]), items[at])
        const opened = await decrypt(aes.key, { ...GCM, iv: ivs[at] }, [sealed])
        assert.deepEqual(opened.data, [items[at]])
      }
    })

    test('cloudhsm-aes-gcm: a batch with the IV of each in front, made by the HSM', async () => {
      const cipher: Cipher = { ...GCM, name: 'cloudhsm-aes-gcm' }
      const items = ['one', 'two', ''].map(bytes)
      const { data, ivs } = await encrypt(aes.key, cipher, items)
      assert.equal(ivs, undefined)
      assert.equal(new Set(data.map((sealed) => sealed.toString('hex', 0, 12))).size, 3)
      for (const [at, sealed] of data.entries()) {
        const beside: Cipher = { ...GCM, iv: sealed.subarray(0, 12) }
        assert.deepEqual((await decrypt(aes.key, beside, [sealed.subarray(12)])).data, [items[at]])
      }
      assert.deepEqual((await decrypt(aes.key, cipher, data)).data, items)
    })

    test('aes-gcm: an IV that is given, and any length of tag', async () => {
      for (const bits of [32, 64, 96, 104, 112, 120, 128] as const) {
        const cipher: Cipher = { ...GCM, iv: iv(16), 'tag-length-bits': bits }
        const { data, ivs } = await encrypt(aes.key, cipher, [bytes('text')])
        assert.equal(ivs, undefined)
        assert.equal(data[0]?.length, 4 + bits / 8)
        assert.deepEqual((await decrypt(aes.key, cipher, data)).data, [bytes('text')])
      }
    })

    test('RSA, in both directions', async () => {
      const text = Buffer.from('a key, perhaps')
      const OAEP = constants.RSA_PKCS1_OAEP_PADDING
      const block = Buffer.concat([Buffer.alloc(256 - text.length), text])
      const rows: readonly (readonly [Cipher, object, Buffer, Buffer])[] = [
        [{ name: 'rsa-pkcs' }, { padding: constants.RSA_PKCS1_PADDING }, text, text],
        [
          { name: 'rsa-oaep', hash: 'sha384', mgf: 'mgf1-sha384', label: bytes('label') },
          { padding: OAEP, oaepHash: 'sha384', oaepLabel: Buffer.from('label') },
          text,
          text,
        ],
        [{ name: 'rsa-x509' }, { padding: constants.RSA_NO_PADDING }, text, block],
      ]
      for (const [cipher, options, message, opened] of rows) {
        const { data } = await encrypt(rsa.pub, cipher, [message], 'bob')
        assert.deepEqual(
          privateDecrypt({ key: rsa.privateKey, ...options }, data[0] ?? NONE),
          opened,
          cipher.name,
        )
        const theirs = publicEncrypt({ key: rsa.publicKey, ...options }, opened)
        const reply = await decrypt(rsa.priv, cipher, [theirs])
        assert.deepEqual(reply.data[0], opened, cipher.name)
      }
    })

    test('rsa-oaep with another hash function for MGF1, as Java has it', async () => {
      const cipher: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha1' }
      const { data } = await encrypt(rsa.pub, cipher, [bytes('text')])
      assert.deepEqual((await decrypt(rsa.priv, cipher, data)).data, [bytes('text')])
      const same: Cipher = { ...cipher, mgf: 'mgf1-sha256' }
      await assert.rejects(decrypt(rsa.priv, same, data), fails('decryption-failed', 'Decryption failed'))
    })

    test('whatever is wrong with a ciphertext, the answer is the same', async () => {
      const gcm: Cipher = { ...GCM, iv: iv(12) }
      const pad = { name: 'aes-cbc-pad', iv: iv(16) } as const
      const oaep: Cipher = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }
      const sealed = (await encrypt(aes.key, gcm, [bytes('text')])).data[0] ?? NONE
      sealed[0] = (sealed[0] ?? 0) ^ 1
      const wrongPadding = (await encrypt(aes.key, { name: 'aes-cbc', iv: pad.iv }, [bytes('0'.repeat(16))]))
        .data
      const rows: readonly (readonly [string, Cipher, Buffer])[] = [
        [aes.key, gcm, sealed],
        [aes.key, gcm, bytes('too short')],
        [aes.key, { ...GCM, name: 'cloudhsm-aes-gcm' }, bytes('11 of an IV')],
        [aes.key, { ...GCM, name: 'cloudhsm-aes-gcm' }, randomBytes(12 + 15)],
        [aes.key, { ...GCM, name: 'cloudhsm-aes-gcm' }, randomBytes(12 + 20)],
        [aes.key, pad, wrongPadding[0] ?? NONE],
        [aes.key, pad, bytes('not whole')],
        [aes.key, pad, NONE],
        [aes.key, { name: 'aes-ecb' }, bytes('not whole')],
        [rsa.priv, oaep, randomBytes(256)],
        [rsa.priv, oaep, bytes('short')],
        [rsa.priv, oaep, randomBytes(300)],
        [rsa.priv, { name: 'rsa-x509' }, Buffer.alloc(256, 255)],
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
      const item = [bytes('0'.repeat(16))]
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
      const call = (key: string, cipher: object, data: readonly Buffer[]) =>
        encrypt(key, cipher as Cipher, data)
      const item = [bytes('0'.repeat(16))]
      const given = { ...GCM, iv: iv(12) }
      const ctr = {
        name: 'aes-ctr',
        'counter-block': Buffer.alloc(16, 255),
        'counter-bits': 8,
      }
      const refusals = [
        [() => call(aes.key, { name: 'aes-ecb' }, [bytes('odd')]), 'invalid-data'],
        [() => call(rsa.pub, { name: 'rsa-pkcs' }, [bytes('0'.repeat(246))]), 'invalid-data'],
        [() => call(rsa.pub, { name: 'rsa-x509' }, [Buffer.alloc(256, 255)]), 'invalid-data'],
        [() => call(aes.key, ctr, [bytes('0'.repeat(17))]), 'invalid-data'],
        [() => call(aes.key, given, [NONE, NONE]), 'invalid-mechanism'],
        [() => call(aes.key, { ...ctr, 'counter-bits': 64 }, [NONE, NONE]), 'invalid-mechanism'],
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
      assert.equal((await random(count)).data.length, count)
    }
    assert.notDeepEqual((await random(32)).data, (await random(32, 'admin')).data)
    for (const count of [0, -1, 1.5, LIMITS.randomBytes + 1]) {
      await assert.rejects(random(count), fails('invalid-request', /bytes/))
    }
    await assert.rejects(world.hsm.call('crypto.random', { bytes: 8 }), fails('not-logged-in'))
  })
}
