/** Signatures, MACs, digests and ciphers, checked against node:crypto; lengths, room for results and mechanisms. */
import assert from 'node:assert/strict'
import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  publicEncrypt,
  verify,
} from 'node:crypto'
import { test } from 'node:test'
import { CKF } from '../../../src/pkcs11/cryptoki/mechanism-flags.ts'
import { CKA, CKO } from '../../../src/pkcs11/cryptoki/objects.ts'
import { CKM } from '../../support/mechanism-types.ts'
import { withEachModule } from './each-module.ts'
import { type Handle, type Mechanism, needsPkcs11js, type Program, program } from './program.ts'
import { findKey, sign, signIn } from './steps.ts'

const MESSAGE = Buffer.from('pay 100 to carol')
const HASH = createHash('sha256').update(MESSAGE).digest()
/** CK_PARAMS_RSA_OAEP and CK_PARAMS_RSA_PSS of pkcs11js. */
const CKP_OAEP = 4
const CKP_PSS = 5
const SHA256_RSA = { mechanism: CKM.SHA256_RSA_PKCS }
const HMAC = { mechanism: CKM.SHA256_HMAC }
const ECB = { mechanism: CKM.AES_ECB }
const DIGEST = { mechanism: CKM.SHA256 }

withEachModule('messages', needsPkcs11js(), (company) => {
  /** The public half, as everybody may read it. */
  async function publicKey(bob: Program, session: Handle, label: string) {
    const handle = await findKey(bob, session, label, CKO.PUBLIC_KEY)
    const wanted = [{ type: CKA.PUBLIC_KEY_INFO }]
    const [info] = await bob.call<{ value: Buffer }[]>('C_GetAttributeValue', session, handle, wanted)
    return createPublicKey({ key: info?.value ?? Buffer.alloc(0), format: 'der', type: 'spki' })
  }

  test('signatures with shared RSA and EC keys', async (t) => {
    await company.generateRsa('rsa')
    await company.generateEc('ec')
    await company.share('rsa')
    await company.share('ec')
    const bob = await program(t, company)
    const session = await signIn(bob)
    const [rsa, ec] = [await findKey(bob, session, 'rsa'), await findKey(bob, session, 'ec')]
    const key = await publicKey(bob, session, 'rsa')
    const pss = {
      mechanism: CKM.RSA_PKCS_PSS,
      parameter: { type: CKP_PSS, hashAlg: CKM.SHA256, mgf: 2, saltLen: 32 },
    }
    const signatures: readonly [Handle, Mechanism, Buffer, Parameters<typeof verify>[2]][] = [
      [rsa, SHA256_RSA, MESSAGE, key],
      [rsa, pss, HASH, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
      [
        ec,
        { mechanism: CKM.ECDSA },
        HASH,
        { key: await publicKey(bob, session, 'ec'), dsaEncoding: 'ieee-p1363' },
      ],
    ]
    for (const [handle, mechanism, data, verifier] of signatures) {
      const signature = await sign(bob, session, handle, mechanism, data)
      assert.ok(verify('sha256', MESSAGE, verifier, signature), String(mechanism.mechanism))
    }
  })

  test('a signature made in parts is that of the whole, and is verified here too', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const key = await findKey(bob, session, 'rsa')
    const whole = await sign(bob, session, key, SHA256_RSA, MESSAGE)
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await bob.call('C_SignUpdate', session, MESSAGE.subarray(0, 5))
    await bob.call('C_SignUpdate', session, MESSAGE.subarray(5))
    assert.deepEqual(await bob.call('C_SignFinal', session, Buffer.alloc(256)), whole)
    const verifier = await findKey(bob, session, 'rsa', CKO.PUBLIC_KEY)
    await bob.call('C_VerifyInit', session, SHA256_RSA, verifier)
    await bob.call('C_Verify', session, MESSAGE, whole)
    await bob.call('C_VerifyInit', session, SHA256_RSA, verifier)
    assert.equal(await bob.refusal('C_Verify', session, HASH, whole), 'CKR_SIGNATURE_INVALID')
    await bob.call('C_VerifyInit', session, SHA256_RSA, verifier)
    assert.equal(
      await bob.refusal('C_Verify', session, MESSAGE, whole.subarray(1)),
      'CKR_SIGNATURE_LEN_RANGE',
    )
  })

  test('room that is too small is said so, and the operation goes on', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const key = await findKey(bob, session, 'rsa')
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    assert.equal(await bob.refusal('C_Sign', session, MESSAGE, Buffer.alloc(255)), 'CKR_BUFFER_TOO_SMALL')
    assert.equal(await bob.refusal('C_SignInit', session, SHA256_RSA, key), 'CKR_OPERATION_ACTIVE')
    assert.equal((await bob.call<Buffer>('C_Sign', session, MESSAGE, Buffer.alloc(256))).length, 256)
    assert.equal(
      await bob.refusal('C_Sign', session, MESSAGE, Buffer.alloc(256)),
      'CKR_OPERATION_NOT_INITIALIZED',
    )
    await bob.call('C_DigestInit', session, DIGEST)
    assert.equal(await bob.refusal('C_Digest', session, MESSAGE, Buffer.alloc(31)), 'CKR_BUFFER_TOO_SMALL')
    assert.deepEqual(await bob.call('C_Digest', session, MESSAGE, Buffer.alloc(32)), HASH)
  })

  test('digests, whole and in parts', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    for (const [mechanism, name] of [
      [CKM.SHA_1, 'sha1'],
      [CKM.SHA384, 'sha384'],
      [CKM.SHA512, 'sha512'],
    ] as const) {
      const large = Buffer.alloc(3_000_000, 'x')
      await bob.call('C_DigestInit', session, { mechanism })
      await bob.call('C_DigestUpdate', session, MESSAGE)
      await bob.call('C_DigestUpdate', session, large)
      const expected = createHash(name).update(MESSAGE).update(large).digest()
      assert.deepEqual(await bob.call('C_DigestFinal', session, Buffer.alloc(64)), expected)
    }
  })

  test('MACs with a shared secret whose value is known', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const open = [
      { type: CKA.SENSITIVE, value: false },
      { type: CKA.EXTRACTABLE, value: true },
    ]
    const template = [{ type: CKA.VALUE_LEN, value: 32 }, ...open]
    const key = await bob.call<Handle>(
      'C_GenerateKey',
      session,
      { mechanism: CKM.GENERIC_SECRET_KEY_GEN },
      template,
    )
    const [value] = await bob.call<{ value: Buffer }[]>('C_GetAttributeValue', session, key, [
      { type: CKA.VALUE },
    ])
    const expected = createHmac('sha256', value?.value ?? '')
      .update(MESSAGE)
      .digest()
    assert.deepEqual(await sign(bob, session, key, HMAC, MESSAGE), expected)
    await bob.call('C_VerifyInit', session, HMAC, key)
    await bob.call('C_Verify', session, MESSAGE, expected)
  })

  test('AES, block by block', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const open = [
      { type: CKA.SENSITIVE, value: false },
      { type: CKA.EXTRACTABLE, value: true },
    ]
    const uses = [CKA.ENCRYPT, CKA.DECRYPT].map((type) => ({ type, value: true }))
    const template = [{ type: CKA.VALUE_LEN, value: 32 }, ...uses, ...open]
    const key = await bob.call<Handle>('C_GenerateKey', session, { mechanism: CKM.AES_KEY_GEN }, template)
    const [value] = await bob.call<{ value: Buffer }[]>('C_GetAttributeValue', session, key, [
      { type: CKA.VALUE },
    ])
    const plain = Buffer.concat([MESSAGE, MESSAGE, MESSAGE])
    const cipher = createCipheriv('aes-256-ecb', value?.value ?? '', null).setAutoPadding(false)
    const expected = Buffer.concat([cipher.update(plain), cipher.final()])
    await bob.call('C_EncryptInit', session, ECB, key)
    const first = await bob.call<Buffer>('C_EncryptUpdate', session, plain.subarray(0, 20), Buffer.alloc(64))
    const second = await bob.call<Buffer>('C_EncryptUpdate', session, plain.subarray(20), Buffer.alloc(64))
    assert.equal(first.length, 16)
    assert.equal((await bob.call<Buffer>('C_EncryptFinal', session, Buffer.alloc(64))).length, 0)
    assert.deepEqual(Buffer.concat([first, second]), expected)
    await bob.call('C_DecryptInit', session, ECB, key)
    assert.deepEqual(await bob.call('C_Decrypt', session, expected, Buffer.alloc(64)), plain)
    await bob.call('C_EncryptInit', session, ECB, key)
    assert.equal(
      await bob.refusal('C_Encrypt', session, plain.subarray(1), Buffer.alloc(64)),
      'CKR_DATA_LEN_RANGE',
    )
  })

  test('what is encrypted for a shared RSA key', async (t) => {
    const alice = await program(t, company)
    const alices = await signIn(alice, 'alice')
    const named = [
      { type: CKA.TOKEN, value: true },
      { type: CKA.LABEL, value: 'inbox' },
    ]
    const bits = [{ type: CKA.MODULUS_BITS, value: 2048 }, { type: CKA.ENCRYPT, value: true }, ...named]
    const decrypts = [{ type: CKA.DECRYPT, value: true }, ...named]
    await alice.call('C_GenerateKeyPair', alices, { mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN }, bits, decrypts)
    await company.share('inbox')
    const bob = await program(t, company)
    const session = await signIn(bob)
    const [key, handle] = [await publicKey(bob, session, 'inbox'), await findKey(bob, session, 'inbox')]
    const oaep = {
      mechanism: CKM.RSA_PKCS_OAEP,
      parameter: { type: CKP_OAEP, hashAlg: CKM.SHA256, mgf: 2, source: 1 },
    }
    await bob.call('C_DecryptInit', session, oaep, handle)
    const forBob = publicEncrypt({ key, oaepHash: 'sha256' }, MESSAGE)
    assert.deepEqual(await bob.call('C_Decrypt', session, forBob, Buffer.alloc(256)), MESSAGE)
    await bob.call('C_DecryptInit', session, oaep, handle)
    assert.equal(
      await bob.refusal('C_Decrypt', session, Buffer.alloc(256, 1), Buffer.alloc(256)),
      'CKR_ENCRYPTED_DATA_INVALID',
    )
    await bob.call(
      'C_EncryptInit',
      session,
      { mechanism: CKM.RSA_PKCS },
      await findKey(bob, session, 'inbox', CKO.PUBLIC_KEY),
    )
    const pkcs1 = await bob.call<Buffer>('C_Encrypt', session, MESSAGE, Buffer.alloc(256))
    await bob.call('C_DecryptInit', session, { mechanism: CKM.RSA_PKCS }, handle)
    assert.deepEqual(await bob.call('C_Decrypt', session, pkcs1, Buffer.alloc(256)), MESSAGE)
  })

  test('says what its mechanisms are for, and refuses others', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const [slot] = await bob.call<Handle[]>('C_GetSlotList', true)
    type Info = { readonly minKeySize: number; readonly maxKeySize: number; readonly flags: number }
    const rsa = await bob.call<Info>('C_GetMechanismInfo', slot, CKM.SHA256_RSA_PKCS)
    assert.deepEqual([rsa.minKeySize, rsa.maxKeySize], [2048, 4096])
    assert.equal(rsa.flags & (CKF.SIGN | CKF.VERIFY), CKF.SIGN | CKF.VERIFY)
    assert.equal(await bob.refusal('C_GetMechanismInfo', slot, 0x1234), 'CKR_MECHANISM_INVALID')
    const ec = await findKey(bob, session, 'ec')
    assert.equal(await bob.refusal('C_SignInit', session, SHA256_RSA, ec), 'CKR_KEY_TYPE_INCONSISTENT')
    const badPss = {
      mechanism: CKM.RSA_PKCS_PSS,
      parameter: { type: CKP_PSS, hashAlg: 0x1234, mgf: 2, saltLen: 32 },
    }
    assert.equal(
      await bob.refusal('C_SignInit', session, badPss, await findKey(bob, session, 'rsa')),
      'CKR_MECHANISM_PARAM_INVALID',
    )
  })
})
