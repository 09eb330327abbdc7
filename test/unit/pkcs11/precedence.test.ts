/** Which of several things that are wrong a function names first (PKCS#11 v2.40 §5.1.7), and what it does then: nothing. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import {
  type Argument,
  bytes,
  connectP11,
  listRoom,
  mechanism,
  room,
  template,
  ulong,
  wanted,
} from '../../support/p11-client.ts'
import { A, aesKey, bench, C, ecPair, M, type Program } from './fixture.ts'

const CKR = {
  SLOT: 0x03,
  ARGUMENTS: 0x07,
  ATTRIBUTE_TYPE: 0x12,
  KEY: 0x60,
  MECHANISM: 0x70,
  PARAMETER: 0x71,
  OBJECT: 0x82,
  ACTIVE: 0x90,
  NOT_ACTIVE: 0x91,
  SESSION: 0xb3,
  NOT_LOGGED_IN: 0x101,
  LOGGED_IN: 0x100,
  USER_TYPE: 0x103,
  UNWRAPPING_KEY: 0xf0,
  WRAPPING_KEY: 0x113,
  NOT_INITIALIZED: 0x190,
}

const NOWHERE = ulong(4711)
/** There is no such mechanism, and what would come after it cannot be read. */
const UNKNOWN = raw('M', () => '77777777 01020304')
const TWICE = template([A.LABEL, 'a'], [A.LABEL, 'b'])
const DATA = bytes('sixteen bytes...')
const ECDH = mechanism(M.ECDH, 1, undefined, Buffer.alloc(65, 4))

/** @param hex blanks in it are for the eye */
function raw(letters: string, hex: (offered: number) => string): Argument {
  return { letters, bytes: (offered) => Buffer.from(hex(offered).replaceAll(' ', ''), 'hex') }
}

/** Every call of a session, with as much wrong with it as there can be. */
const IN_A_SESSION: Readonly<Record<string, readonly [id: number, ...given: Argument[]]>> = {
  C_CloseSession: [C.CloseSession],
  C_GetSessionInfo: [C.GetSessionInfo],
  C_SetPIN: [C.SetPIN, bytes('x'), bytes(undefined)],
  C_Login: [C.Login, ulong(9), bytes(undefined)],
  C_LoginUser: [C.LoginUser, ulong(9), bytes(undefined), bytes(undefined)],
  C_Logout: [C.Logout],
  C_CreateObject: [C.CreateObject, TWICE],
  C_CopyObject: [C.CopyObject, NOWHERE, TWICE],
  C_DestroyObject: [C.DestroyObject, NOWHERE],
  C_GetObjectSize: [C.GetObjectSize, NOWHERE],
  C_GetAttributeValue: [C.GetAttributeValue, NOWHERE, wanted([A.LABEL, 1])],
  C_SetAttributeValue: [C.SetAttributeValue, NOWHERE, TWICE],
  C_FindObjectsInit: [C.FindObjectsInit, TWICE],
  C_FindObjects: [C.FindObjects, listRoom(1)],
  C_FindObjectsFinal: [C.FindObjectsFinal],
  C_EncryptInit: [C.EncryptInit, UNKNOWN, NOWHERE],
  C_Encrypt: [C.Encrypt, DATA, room(0)],
  C_EncryptUpdate: [C.EncryptUpdate, DATA, room(0)],
  C_EncryptFinal: [C.EncryptFinal, room(0)],
  C_DecryptInit: [C.DecryptInit, mechanism(null), NOWHERE],
  C_Decrypt: [C.Decrypt, DATA, room(0)],
  C_DecryptUpdate: [C.DecryptUpdate, DATA, room(0)],
  C_DecryptFinal: [C.DecryptFinal, room(0)],
  C_DigestInit: [C.DigestInit, UNKNOWN],
  C_Digest: [C.Digest, DATA, room(0)],
  C_DigestUpdate: [C.DigestUpdate, DATA],
  C_DigestKey: [C.DigestKey, NOWHERE],
  C_DigestFinal: [C.DigestFinal, room(0)],
  C_SignInit: [C.SignInit, UNKNOWN, NOWHERE],
  C_Sign: [C.Sign, DATA, room(0)],
  C_SignUpdate: [C.SignUpdate, DATA],
  C_SignFinal: [C.SignFinal, room(0)],
  C_VerifyInit: [C.VerifyInit, UNKNOWN, NOWHERE],
  C_Verify: [C.Verify, DATA, DATA],
  C_VerifyUpdate: [C.VerifyUpdate, DATA],
  C_VerifyFinal: [C.VerifyFinal, DATA],
  C_GenerateKey: [C.GenerateKey, mechanism(null), TWICE],
  C_GenerateKeyPair: [C.GenerateKeyPair, UNKNOWN, TWICE, TWICE],
  C_WrapKey: [C.WrapKey, UNKNOWN, NOWHERE, NOWHERE, room(0)],
  C_UnwrapKey: [C.UnwrapKey, mechanism(null), NOWHERE, DATA, TWICE],
  C_DeriveKey: [C.DeriveKey, UNKNOWN, NOWHERE, TWICE],
  C_SeedRandom: [C.SeedRandom, DATA],
  C_GenerateRandom: [C.GenerateRandom, room(0x7fff_ffff)],
  C_SessionCancel: [C.SessionCancel, ulong(0)],
}

suite('PKCS#11 return values', () => {
  const shared = bench()
  let program: Program
  let session: Argument
  before(async () => {
    program = await shared.program()
    session = ulong(await program.login())
  })

  test('before C_Initialize there is nothing else to be said', async () => {
    const client = await connectP11(shared.path, { initialize: false })
    for (const [name, [id, ...given]] of Object.entries(IN_A_SESSION)) {
      assert.equal(await client.refusal(id, NOWHERE, ...given), CKR.NOT_INITIALIZED, name)
    }
    client.stream.destroy()
  })

  test('a session that is not open is said before anything else that is wrong', async () => {
    for (const [name, [id, ...given]] of Object.entries(IN_A_SESSION)) {
      assert.equal(await program.refusal(id, NOWHERE, ...given), CKR.SESSION, name)
    }
  })

  test('a slot that is not there is said before anything else that is wrong', async () => {
    assert.equal(await program.refusal(C.GetMechanismInfo, ulong(1), ulong(0x7777)), CKR.SLOT)
    assert.equal(await program.refusal(C.GetMechanismList, ulong(1), listRoom(0)), CKR.SLOT)
    assert.equal(await program.refusal(C.OpenSession, ulong(1), ulong(0)), CKR.SLOT)
    assert.equal(await program.refusal(C.GetTokenInfo, ulong(2 ** 40)), CKR.SLOT)
    assert.equal(await program.refusal(C.CloseAllSessions, ulong(1)), CKR.SLOT)
    assert.equal(await program.refusal(C.GetMechanismInfo, ulong(0), ulong(0x7777)), CKR.MECHANISM)
  })

  test('without a login every use of a key is CKR_USER_NOT_LOGGED_IN, whatever the handle', async () => {
    const stranger = await shared.program()
    const open = ulong(await stranger.open())
    const calls = [
      [C.SignInit, mechanism(M.ECDSA), NOWHERE],
      [C.VerifyInit, mechanism(M.ECDSA), NOWHERE],
      [C.EncryptInit, mechanism(M.AES_ECB), NOWHERE],
      [C.DecryptInit, mechanism(M.AES_ECB), NOWHERE],
      [C.WrapKey, mechanism(M.RSA_PKCS), NOWHERE, NOWHERE, room(0)],
      [C.UnwrapKey, mechanism(M.RSA_PKCS), NOWHERE, DATA, template()],
      [C.DestroyObject, NOWHERE],
      [C.GenerateKey, mechanism(M.AES_GEN), template()],
      [C.GenerateRandom, room(8)],
    ] as const
    for (const [id, ...given] of calls)
      assert.equal(await stranger.refusal(id, open, ...given), CKR.NOT_LOGGED_IN, String(id))
    assert.equal(await stranger.refusal(C.Logout, open), CKR.NOT_LOGGED_IN)
    assert.equal(await stranger.refusal(C.Login, open, ulong(0), bytes('x')), CKR.USER_TYPE)
    assert.equal(await program.refusal(C.Login, session, ulong(1), bytes('x')), CKR.LOGGED_IN)
  })

  test('a bad handle is named as what it was to be', async () => {
    const key = ulong(await aesKey(program, await program.open()))
    assert.equal(await program.refusal(C.SignInit, session, mechanism(M.ECDSA), NOWHERE), CKR.KEY)
    assert.equal(await program.refusal(C.DeriveKey, session, ECDH, NOWHERE, template()), CKR.KEY)
    const wrap = (under: Argument, payload: Argument) =>
      program.refusal(C.WrapKey, session, mechanism(M.RSA_PKCS), under, payload, room(0))
    assert.equal(await wrap(NOWHERE, NOWHERE), CKR.WRAPPING_KEY)
    assert.equal(await wrap(key, NOWHERE), CKR.KEY)
    const unwrap = [mechanism(M.RSA_PKCS), NOWHERE, DATA, template()] as const
    assert.equal(await program.refusal(C.UnwrapKey, session, ...unwrap), CKR.UNWRAPPING_KEY)
    for (const id of [C.DestroyObject, C.GetObjectSize])
      assert.equal(await program.refusal(id, session, NOWHERE), CKR.OBJECT)
  })

  test('a mechanism that there is not is refused wherever one is named, and a NULL one where it means nothing', async () => {
    const unknown = [C.EncryptInit, C.DecryptInit, C.SignInit, C.VerifyInit] as const
    for (const id of unknown)
      assert.equal(await program.refusal(id, session, UNKNOWN, NOWHERE), CKR.MECHANISM)
    assert.equal(await program.refusal(C.DigestInit, session, UNKNOWN), CKR.MECHANISM)
    assert.equal(await program.refusal(C.DigestInit, session, mechanism(M.ECDSA)), CKR.MECHANISM)
    assert.equal(await program.refusal(C.GenerateKey, session, mechanism(null), template()), CKR.ARGUMENTS)
    const [, priv] = await ecPair(program, await program.open())
    assert.equal(await program.refusal(C.SignInit, session, mechanism(M.AES_ECB), ulong(priv)), CKR.MECHANISM)
    assert.equal(
      await program.refusal(C.SignInit, session, mechanism(M.RSA_PSS, 1, 2, 3), ulong(priv)),
      CKR.PARAMETER,
    )
  })

  test('an operation that is not under way is said so, and one that is goes on through a bad call', async () => {
    for (const [id, ...given] of [
      [C.Sign, DATA, room(64)],
      [C.SignFinal, room(64)],
      [C.Verify, DATA, DATA],
      [C.EncryptUpdate, DATA, room(64)],
      [C.DecryptFinal, room(64)],
      [C.DigestUpdate, DATA],
      [C.FindObjects, listRoom(4)],
    ] as const)
      assert.equal(await program.refusal(id, session, ...given), CKR.NOT_ACTIVE, String(id))
    const [, priv] = await ecPair(program, await program.open())
    await program.call(C.SignInit, session, mechanism(M.ECDSA), ulong(priv))
    assert.equal(await program.refusal(C.SignInit, session, mechanism(M.ECDSA), NOWHERE), CKR.ACTIVE)
    assert.equal(await program.refusal(C.SignInit, session, UNKNOWN, NOWHERE), CKR.MECHANISM)
    assert.equal((await program.call(C.Sign, session, bytes(Buffer.alloc(32)), room(64))).bytes?.length, 64)
  })

  test('types that newer clients write differently are read, and refused as what they are', async () => {
    const length = '00000002 00000161 01 00000008 0000000000000010'
    const inMemory = `${length} 40000213 01 00000018 00000018 ${'00'.repeat(24)}`
    const asTemplate = `${length} 40000213 01 00000018 00000001 00000108 01 00000001 01`
    const derive = raw('aA', (offered) => (offered === 0 ? inMemory : asTemplate))
    const vendor = raw('aA', () => `${length} 80010001 01 00000001 01`)
    const listed = raw('aA', () => `${length} 40000600 01 00000008 00000001 0000000000000001`)
    for (const offered of [0, 1, 2]) {
      const client = await shared.program({ offered })
      const here = ulong(await client.login())
      const generate = (given: Argument) => client.refusal(C.GenerateKey, here, mechanism(M.AES_GEN), given)
      assert.equal(await generate(derive), CKR.ATTRIBUTE_TYPE)
      assert.equal(await generate(listed), CKR.ATTRIBUTE_TYPE)
      if (offered > 0) assert.equal(await generate(vendor), CKR.ATTRIBUTE_TYPE)
    }
  })

  test('a triple DES key is generated without saying how long it is', async () => {
    const given = template([A.ENCRYPT, true], [A.DECRYPT, true])
    const made = await program.call(C.GenerateKey, session, mechanism(M.DES3_GEN), given)
    const key = ulong(made.numbers[0] ?? 0)
    const cbc = mechanism(M.DES3_CBC, Buffer.alloc(8))
    await program.call(C.EncryptInit, session, cbc, key)
    const sealed = await program.call(C.Encrypt, session, DATA, room(16))
    await program.call(C.DecryptInit, session, cbc, key)
    const opened = await program.call(C.Decrypt, session, bytes(sealed.bytes), room(16))
    assert.equal(opened.bytes?.toString(), 'sixteen bytes...')
    assert.equal(
      await program.refusal(C.GenerateKey, session, mechanism(M.DES3_GEN), template([A.VALUE_LEN, 16])),
      0xd1,
    )
  })
})
