/** Guarantee G through PKCS#11: what bob's running program may no longer do is refused from the moment `key unshare` has returned. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CKA, CKO } from '../../../src/pkcs11/cryptoki/objects.ts'
import { CKM } from '../../support/mechanism-types.ts'
import { withEachModule } from './each-module.ts'
import { pin } from './payments.ts'
import { type Handle, needsPkcs11js, type Program, program } from './program.ts'
import { find, findKey, openSession, sign, signIn } from './steps.ts'

const SHA256_RSA = { mechanism: CKM.SHA256_RSA_PKCS }
const HMAC = { mechanism: CKM.SHA256_HMAC }
const ECB = { mechanism: CKM.AES_ECB }
const BLOCK = Buffer.alloc(16, 7)
const PART = Buffer.from('a part')
const REVOKED = 'CKR_KEY_FUNCTION_NOT_PERMITTED'
const NOT_LOGGED_IN = /CKR_USER_NOT_LOGGED_IN|CKR_OPERATION_NOT_INITIALIZED/
const room = () => Buffer.alloc(512)

withEachModule('unshare, in a program that is running', needsPkcs11js(), (company) => {
  async function holding(t: TestContext, label: string, keyClass?: number) {
    await company.share(label)
    const bob = await program(t, company)
    const session = await signIn(bob)
    return { bob, session, key: await findKey(bob, session, label, keyClass) }
  }

  test('between C_SignInit and C_Sign', async (t) => {
    await company.generateRsa('one-shot')
    const { bob, session, key } = await holding(t, 'one-shot')
    assert.equal((await sign(bob, session, key, SHA256_RSA, 'a payment')).length, 256)
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await company.unshare('one-shot')
    assert.equal(await bob.refusal('C_Sign', session, PART, room()), REVOKED)
    assert.equal(await bob.refusal('C_SignInit', session, SHA256_RSA, key), 'CKR_KEY_HANDLE_INVALID')
  })

  test('in the middle of a message in parts', async (t) => {
    await company.generateRsa('parts')
    const { bob, session, key } = await holding(t, 'parts')
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await bob.call('C_SignUpdate', session, PART)
    await company.unshare('parts')
    assert.equal(await bob.refusal('C_SignUpdate', session, PART), REVOKED)
    assert.equal(await bob.refusal('C_SignFinal', session, room()), 'CKR_OPERATION_NOT_INITIALIZED')
  })

  test('before the last call of a message in parts', async (t) => {
    await company.generateRsa('last')
    const { bob, session, key } = await holding(t, 'last')
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await bob.call('C_SignUpdate', session, PART)
    await company.unshare('last')
    assert.equal(await bob.refusal('C_SignFinal', session, room()), REVOKED)
  })

  test('of a secret key: MACs and ciphers', async (t) => {
    await company.generateSecret('generic-secret', 'mac', 'sign=true', 'verify=true')
    await company.generateSecret('aes', 'cipher', 'encrypt=true', 'decrypt=true')
    await company.share('mac')
    const { bob, session, key: cipher } = await holding(t, 'cipher', CKO.SECRET_KEY)
    const other = await openSession(bob)
    const mac = await findKey(bob, session, 'mac', CKO.SECRET_KEY)
    assert.equal((await sign(bob, session, mac, HMAC, 'a payment')).length, 32)
    await bob.call('C_SignInit', session, HMAC, mac)
    await bob.call('C_EncryptInit', session, ECB, cipher)
    await bob.call('C_DecryptInit', other, ECB, cipher)
    await bob.call('C_EncryptUpdate', session, BLOCK, room())
    await company.unshare('mac')
    await company.unshare('cipher')
    assert.equal(await bob.refusal('C_Sign', session, PART, room()), REVOKED)
    assert.equal(await bob.refusal('C_EncryptUpdate', session, BLOCK, room()), REVOKED)
    assert.equal(await bob.refusal('C_Decrypt', other, BLOCK, room()), REVOKED)
  })

  test('the key is not to be found either, and is there again when it is shared again', async (t) => {
    await company.generateRsa('again')
    const { bob, session, key } = await holding(t, 'again')
    const all = [{ type: 0, value: CKO.PRIVATE_KEY }]
    const before = (await find(bob, session, all)).length
    await company.unshare('again')
    assert.equal((await find(bob, session, all)).length, before - 1)
    const label = [{ type: 3 }]
    assert.equal(await bob.refusal('C_GetAttributeValue', session, key, label), 'CKR_OBJECT_HANDLE_INVALID')
    await company.share('again')
    assert.equal((await sign(bob, session, key, SHA256_RSA, 'a payment')).length, 256)
  })

  test('whoever is not the owner can sign, and cannot change, destroy or share the key', async (t) => {
    await company.generateRsa('owned')
    const { bob, session, key } = await holding(t, 'owned')
    const label = [{ type: 3, value: 'mine' }]
    assert.equal(await bob.refusal('C_DestroyObject', session, key), 'CKR_ACTION_PROHIBITED')
    assert.equal(await bob.refusal('C_SetAttributeValue', session, key, label), 'CKR_ACTION_PROHIBITED')
    assert.equal((await sign(bob, session, key, SHA256_RSA, 'a payment')).length, 256)
  })

  test('whose user changes the password elsewhere: it is logged out', async (t) => {
    const { bob, session, key } = await holding(t, 'one-shot')
    const emil = await program(t, company)
    await company.createUser('emil')
    const emils = await signIn(emil, 'emil')
    const own = await generated(emil, emils)
    await emil.call('C_SignInit', emils, SHA256_RSA, own)
    await company.cli(
      'emil',
      'user',
      'change-password',
      '--username',
      'emil',
      '--role',
      'crypto-user',
      '--password',
      'another one',
    )
    assert.match(await emil.refusal('C_Sign', emils, PART, room()), NOT_LOGGED_IN)
    assert.equal(await emil.refusal('C_GenerateRandom', emils, room()), 'CKR_USER_NOT_LOGGED_IN')
    assert.equal((await sign(bob, session, key, SHA256_RSA, 'of somebody else')).length, 256)
  })

  test('whose logins an admin ends: it is logged out until it logs in again, and nobody else is', async (t) => {
    await company.generateRsa('kept')
    const { bob, session, key } = await holding(t, 'kept')
    const frida = await program(t, company)
    await company.createUser('frida')
    const fridas = await signIn(frida, 'frida')
    await frida.call('C_GenerateRandom', fridas, room())
    await company.cli('admin', 'user', 'logout', '--username', 'frida', '--role', 'crypto-user')
    for (let time = 0; time < 2; time++)
      assert.equal(await frida.refusal('C_GenerateRandom', fridas, room()), 'CKR_USER_NOT_LOGGED_IN')
    await frida.call('C_Login', fridas, 1, pin('frida'))
    await frida.call('C_GenerateRandom', fridas, room())
    assert.equal((await sign(bob, session, key, SHA256_RSA, 'of somebody else')).length, 256)
  })
})

/** The private key of a pair that the program has made in its session. */
async function generated(emil: Program, session: Handle): Promise<Handle> {
  const bits = [{ type: CKA.MODULUS_BITS, value: 2048 }]
  const mechanism = { mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN }
  const { privateKey } = await emil.call<{ privateKey: Handle }>(
    'C_GenerateKeyPair',
    session,
    mechanism,
    bits,
    [{ type: CKA.SIGN, value: true }],
  )
  return privateKey
}
