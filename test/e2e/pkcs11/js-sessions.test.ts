/** Who sees what in which session: logins, several programs at once, objects of a session, and what is said of bad handles. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { CKA, CKO } from '../../../src/pkcs11/cryptoki/objects.ts'
import { CKM } from '../../support/mechanism-types.ts'
import { withEachModule } from './each-module.ts'
import { pin } from './payments.ts'
import { type Handle, needsPkcs11js, program } from './program.ts'
import { find, findKey, openSession, sign, signIn } from './steps.ts'

const SHA256_RSA = { mechanism: CKM.SHA256_RSA_PKCS }
const AES_KEY_GEN = { mechanism: CKM.AES_KEY_GEN }
const USER = 1
const NO_HANDLE = Buffer.from('ffffff0000000000', 'hex')
const labelled = (label: string) => [{ type: CKA.LABEL, value: label }]
const sessionKey = (label: string) => [...labelled(label), { type: CKA.VALUE_LEN, value: 32 }]
const tokenKey = (label: string) => [...sessionKey(label), { type: CKA.TOKEN, value: true }]

withEachModule('sessions and logins', needsPkcs11js(), (company) => {
  test('a login is good for all sessions of its program, and for no other program', async (t) => {
    await company.generateRsa('pay')
    await company.share('pay')
    const bob = await program(t, company)
    const [first, second] = [await openSession(bob), await openSession(bob)]
    assert.equal(await bob.refusal('C_GenerateRandom', second, Buffer.alloc(8)), 'CKR_USER_NOT_LOGGED_IN')
    await bob.call('C_Login', first, USER, pin('bob'))
    const key = await findKey(bob, second, 'pay')
    for (const session of [first, second]) await sign(bob, session, key, SHA256_RSA, 'x')
    assert.equal(await bob.refusal('C_Login', second, USER, pin('bob')), 'CKR_USER_ALREADY_LOGGED_IN')

    const other = await program(t, company)
    const stranger = await openSession(other)
    assert.deepEqual(await find(other, stranger, labelled('pay')), [])
    assert.equal(await other.refusal('C_SignInit', stranger, SHA256_RSA, key), 'CKR_USER_NOT_LOGGED_IN')

    await bob.call('C_Logout', second)
    assert.equal(await bob.refusal('C_SignInit', first, SHA256_RSA, key), 'CKR_USER_NOT_LOGGED_IN')
    assert.deepEqual(await find(bob, first, labelled('pay')), [])
  })

  test('programs with different logins each see what is theirs, and everybody public keys', async (t) => {
    await company.generateRsa('of-alice')
    const [alice, bob] = [await program(t, company), await program(t, company)]
    const [alices, bobs] = [await signIn(alice, 'alice'), await signIn(bob, 'bob')]
    assert.equal((await find(alice, alices, labelled('of-alice'))).length, 2)
    const [seen, ...others] = await find(bob, bobs, labelled('of-alice'))
    assert.equal(others.length, 0)
    const [attribute] = await bob.call<{ value: Buffer }[]>('C_GetAttributeValue', bobs, seen, [
      { type: CKA.CLASS },
    ])
    assert.equal(attribute?.value.readUInt8(), CKO.PUBLIC_KEY)
  })

  test('a PIN is user:password, and nothing else', async (t) => {
    const bob = await program(t, company)
    const session = await openSession(bob)
    for (const wrong of ['bob', 'bob:', ':', 'bob:wrong one', 'nobody:correct horse', 'x'.repeat(300)]) {
      assert.match(await bob.refusal('C_Login', session, USER, wrong), /CKR_PIN_(INCORRECT|LEN_RANGE)/, wrong)
    }
    assert.equal(await bob.refusal('C_Login', session, 0, pin('bob')), 'CKR_USER_TYPE_INVALID')
    await bob.call('C_Login', session, USER, pin('bob'))
  })

  test('a user who guesses too often is locked, with the right PIN too', async (t) => {
    await company.createUser('dora')
    const dora = await program(t, company)
    const session = await openSession(dora)
    for (let guess = 0; guess <= LIMITS.wrongPasswords; guess++) {
      assert.equal(await dora.refusal('C_Login', session, USER, 'dora:wrong one'), 'CKR_PIN_INCORRECT')
    }
    for (const either of ['dora:wrong one', pin('dora')])
      assert.equal(await dora.refusal('C_Login', session, USER, either), 'CKR_PIN_LOCKED')
  })

  test('objects of a session are gone with it, and are nobody else’s before', async (t) => {
    const [bob, other] = [await program(t, company), await program(t, company)]
    const [kept, closed] = [await signIn(bob), await openSession(bob)]
    const key = await bob.call<Handle>('C_GenerateKey', closed, AES_KEY_GEN, sessionKey('passing'))
    await bob.call('C_GenerateKey', closed, AES_KEY_GEN, tokenKey('staying'))
    assert.equal((await find(bob, kept, labelled('passing'))).length, 1)
    assert.equal((await find(other, await signIn(other), labelled('passing'))).length, 0)
    assert.deepEqual(await company.keys('bob', 'passing'), {})
    await bob.call('C_CloseSession', closed)
    assert.deepEqual(await find(bob, kept, labelled('passing')), [])
    assert.equal(
      await bob.refusal('C_EncryptInit', kept, { mechanism: CKM.AES_ECB }, key),
      'CKR_KEY_HANDLE_INVALID',
    )
    assert.equal((await find(bob, kept, labelled('staying'))).length, 1)
  })

  test('the last session takes the login with it', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    await bob.call('C_CloseSession', session)
    assert.equal(
      await bob.refusal('C_GenerateRandom', await openSession(bob), Buffer.alloc(8)),
      'CKR_USER_NOT_LOGGED_IN',
    )
  })

  test('a program that is killed is logged out', async (t) => {
    await company.createUser('emil')
    const emil = await program(t, company)
    await signIn(emil, 'emil')
    const remove = () => company.cli('admin', 'user', 'delete', '--username', 'emil', '--role', 'crypto-user')
    await assert.rejects(remove(), /User is currently logged in/)
    emil.end()
    await eventually(remove)
  })

  test('in a session that only reads, nothing is made to stay', async (t) => {
    const bob = await program(t, company)
    await signIn(bob)
    const reading = await bob.call<Handle>(
      'C_OpenSession',
      (await bob.call<Handle[]>('C_GetSlotList', true))[0],
      4,
    )
    assert.equal(
      await bob.refusal('C_GenerateKey', reading, AES_KEY_GEN, tokenKey('x')),
      'CKR_SESSION_READ_ONLY',
    )
    await bob.call('C_GenerateKey', reading, AES_KEY_GEN, sessionKey('x'))
  })

  test('handles that are none, and steps out of turn', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    assert.equal(await bob.refusal('C_OpenSession', NO_HANDLE, 6), 'CKR_SLOT_ID_INVALID')
    assert.equal(await bob.refusal('C_GetTokenInfo', NO_HANDLE), 'CKR_SLOT_ID_INVALID')
    assert.equal(await bob.refusal('C_CloseSession', NO_HANDLE), 'CKR_SESSION_HANDLE_INVALID')
    assert.equal(await bob.refusal('C_SignInit', session, SHA256_RSA, NO_HANDLE), 'CKR_KEY_HANDLE_INVALID')
    assert.equal(await bob.refusal('C_DestroyObject', session, NO_HANDLE), 'CKR_OBJECT_HANDLE_INVALID')
    assert.equal(
      await bob.refusal('C_Sign', session, Buffer.alloc(1), Buffer.alloc(256)),
      'CKR_OPERATION_NOT_INITIALIZED',
    )
    assert.equal(await bob.refusal('C_FindObjectsFinal', session), 'CKR_OPERATION_NOT_INITIALIZED')
    await bob.call('C_FindObjectsInit', session, [])
    assert.equal(await bob.refusal('C_FindObjectsInit', session, []), 'CKR_OPERATION_ACTIVE')
    assert.equal(await bob.refusal('C_Initialize', { flags: 2 }), 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
  })
})

/** The HSM learns of the end of a connection a little after the program's end. */
async function eventually(attempt: () => Promise<unknown>): Promise<void> {
  for (let triesLeft = 50; ; triesLeft -= 1) {
    try {
      await attempt()
      return
    } catch (error) {
      if (triesLeft === 0) throw error
    }
  }
}
