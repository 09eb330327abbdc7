/** The token, sessions and logins through PKCS#11. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { byte, bytes, room, template, ulong } from '../../support/p11-client.ts'
import { until } from '../../support/until.ts'
import { PASSWORD } from '../../support/world.ts'
import { A, bench, C, CLASS, READ_ONLY, READ_WRITE } from './fixture.ts'

const CKR = {
  PIN_INCORRECT: 0xa0,
  PIN_LOCKED: 0xa4,
  USER_NOT_LOGGED_IN: 0x101,
  ALREADY: 0x100,
  USER_TYPE: 0x103,
  SESSION: 0xb3,
  READ_ONLY: 0xb5,
  PARALLEL: 0xb4,
  SLOT: 0x03,
  ARGUMENTS: 0x07,
} as const

suite('PKCS#11 sessions', () => {
  const shared = bench()
  const userState = async (program: Awaited<ReturnType<typeof shared.program>>, session: number) =>
    (await program.call(C.GetSessionInfo, ulong(session))).numbers[1]

  test('one slot with one token, whose texts fill their fields', async () => {
    const program = await shared.program()
    const token = await program.call(C.GetTokenInfo, ulong(0))
    assert.deepEqual(
      token.texts.map((text) => [text.trimEnd(), text.length]),
      [
        ['strongroom', 32],
        ['Strongroom', 32],
        ['Software HSM', 16],
        ['test2345abc', 16],
        ['', 16],
      ],
    )
    assert.deepEqual(
      (await program.call(C.GetSlotInfo, ulong(0))).texts.map((text) => text.length),
      [64, 32],
    )
    const info = await program.call(C.GetInfo)
    assert.deepEqual(info.numbers, [2, 40, 0, 1, 2])
    for (const id of [C.GetSlotInfo, C.GetTokenInfo])
      assert.equal(await program.refusal(id, ulong(1)), CKR.SLOT)
    assert.equal(await program.refusal(C.WaitForSlotEvent, ulong(1)), 0x08)
  })

  test('sessions are read-only or read-write, and never parallel', async () => {
    const program = await shared.program()
    const readOnly = await program.open(READ_ONLY)
    const readWrite = await program.open(READ_WRITE)
    assert.deepEqual((await program.call(C.GetSessionInfo, ulong(readOnly))).numbers, [0, 0, 4, 0])
    assert.deepEqual((await program.call(C.GetSessionInfo, ulong(readWrite))).numbers, [0, 2, 6, 0])
    assert.equal(await program.refusal(C.OpenSession, ulong(0), ulong(2)), CKR.PARALLEL)
    assert.equal(await program.refusal(C.OpenSession, ulong(1), ulong(6)), CKR.SLOT)
    await program.call(C.CloseSession, ulong(readOnly))
    assert.equal(await program.refusal(C.GetSessionInfo, ulong(readOnly)), CKR.SESSION)
    await program.call(C.CloseAllSessions, ulong(0))
    assert.equal(await program.refusal(C.GetSessionInfo, ulong(readWrite)), CKR.SESSION)
  })

  test('a login is the whole program’s, and nobody else’s', async () => {
    const program = await shared.program()
    const other = await shared.program()
    const first = await program.login('alice')
    const second = await program.open(READ_ONLY)
    assert.equal(await userState(program, second), 1)
    assert.equal(await userState(program, first), 3)
    assert.equal(await userState(other, await other.open()), 2)
    assert.equal(
      await program.refusal(C.Login, ulong(second), ulong(1), bytes(`bob:${PASSWORD}`)),
      CKR.ALREADY,
    )
    await program.call(C.Logout, ulong(second))
    assert.equal(await userState(program, first), 2)
    assert.equal(await program.refusal(C.Logout, ulong(second)), CKR.USER_NOT_LOGGED_IN)
    await program.call(C.Login, ulong(second), ulong(1), bytes(`bob:${PASSWORD}`))
    assert.equal(await userState(program, first), 3)
  })

  test('the last session takes the login with it', async () => {
    const program = await shared.program()
    const session = await program.login()
    await program.call(C.CloseSession, ulong(session))
    assert.equal(await userState(program, await program.open()), 2)
  })

  test('a PIN is user:password; all that is wrong with it is CKR_PIN_INCORRECT', async () => {
    const program = await shared.program()
    const session = ulong(await program.open())
    for (const pin of [
      'alice',
      'alice:',
      'alice:wrong password',
      `nobody:${PASSWORD}`,
      '',
      ':',
      `:${PASSWORD}`,
      '\xff:\xff',
    ]) {
      assert.equal(
        await program.refusal(C.Login, session, ulong(1), bytes(pin)),
        CKR.PIN_INCORRECT,
        JSON.stringify(pin),
      )
    }
    assert.equal(await program.refusal(C.Login, session, ulong(1), bytes(undefined)), CKR.ARGUMENTS)
    assert.equal(await program.refusal(C.Login, session, ulong(0), bytes('admin:x')), CKR.USER_TYPE)
    assert.equal(await program.refusal(C.Login, session, ulong(2), bytes('admin:x')), 0x91)
    await program.call(C.LoginUser, session, ulong(1), bytes(PASSWORD), bytes('alice'))
  })

  test('wrong PINs lock the user', async () => {
    const program = await shared.program()
    const session = ulong(await program.open())
    await shared.world.as('admin', 'user.create', {
      username: 'lara',
      role: 'crypto-user',
      password: PASSWORD,
    })
    const tries = Array.from({ length: 6 }, () => bytes('lara:wrong password'))
    for (const pin of tries)
      assert.equal(await program.refusal(C.Login, session, ulong(1), pin), CKR.PIN_INCORRECT)
    assert.equal(await program.refusal(C.Login, session, ulong(1), bytes(`lara:${PASSWORD}`)), CKR.PIN_LOCKED)
  })

  test('C_SetPIN changes the password; the login goes on', async () => {
    const program = await shared.program()
    await shared.world.as('admin', 'user.create', {
      username: 'nora',
      role: 'crypto-user',
      password: PASSWORD,
    })
    const session = await program.login('nora')
    const old = bytes(`Nora:${PASSWORD}`)
    const fresh = bytes('nora:a new password')
    assert.equal(
      await program.refusal(C.SetPIN, ulong(session), bytes('nora:wrong one'), fresh),
      CKR.PIN_INCORRECT,
    )
    assert.equal(await program.refusal(C.SetPIN, ulong(session), old, bytes('nora:short')), 0xa1)
    assert.equal(
      await program.refusal(C.SetPIN, ulong(session), old, bytes(`bob:${PASSWORD}`)),
      CKR.PIN_INCORRECT,
    )
    const readOnly = await program.open(READ_ONLY)
    assert.equal(await program.refusal(C.SetPIN, ulong(readOnly), old, fresh), CKR.READ_ONLY)
    await program.call(C.SetPIN, ulong(session), old, fresh)
    await program.call(C.GenerateRandom, ulong(session), room(8))
    const other = await shared.program()
    const opened = ulong(await other.open())
    assert.equal(await other.refusal(C.Login, opened, ulong(1), old), CKR.PIN_INCORRECT)
    await other.call(C.Login, opened, ulong(1), fresh)
  })

  test('a password that was changed elsewhere ends the login', async () => {
    const program = await shared.program()
    await shared.world.as('admin', 'user.create', {
      username: 'olga',
      role: 'crypto-user',
      password: PASSWORD,
    })
    const session = ulong(await program.login('olga'))
    const password = 'another password'
    const elsewhere = await shared.world.login('olga')
    const change = { username: 'olga', role: 'crypto-user', password } as const
    await shared.world.hsm.call('user.change-password', change, elsewhere)
    assert.equal(await program.refusal(C.GenerateRandom, session, room(8)), CKR.USER_NOT_LOGGED_IN)
    await program.call(C.Login, session, ulong(1), bytes(`olga:${password}`))
    await program.call(C.GenerateRandom, session, room(8))
  })

  test('without a login there is nothing to find, and nothing to be done', async () => {
    const program = await shared.program()
    const session = await program.open()
    assert.deepEqual(await program.find(session, template()), [])
    assert.equal(await program.refusal(C.GenerateRandom, ulong(session), room(8)), CKR.USER_NOT_LOGGED_IN)
    assert.equal(
      await program.refusal(C.CreateObject, ulong(session), template([A.CLASS, CLASS.SECRET])),
      CKR.USER_NOT_LOGGED_IN,
    )
  })

  test('random bytes are as many as were asked for', async () => {
    const program = await shared.program()
    const session = ulong(await program.login())
    for (const count of [0, 1, 16, 100_000]) {
      assert.equal((await program.call(C.GenerateRandom, session, room(count))).bytes?.length, count)
    }
    const NO_ROOM = 0xffff_ffff
    assert.equal((await program.call(C.GenerateRandom, session, room(NO_ROOM))).bytes?.length, 0)
    assert.equal(await program.refusal(C.GenerateRandom, session, room(0xffff_fffe)), CKR.ARGUMENTS)
    assert.equal(await program.refusal(C.SeedRandom, session, bytes('seed')), 0x120)
  })

  test('when the connection goes, so does the login', async () => {
    const { sessions: before } = await shared.world.hsm.call('cluster.status', {})
    const program = await shared.program()
    await program.login()
    const { sessions: during } = await shared.world.hsm.call('cluster.status', {})
    assert.equal(during, before + 1)
    program.stream.destroy()
    const sessions = async () => (await shared.world.hsm.call('cluster.status', {})).sessions
    await until('its session is gone', async () => (await sessions()) === before)
  })

  test('a second answer to C_Finalize is a refusal, and C_Initialize begins anew', async () => {
    const program = await shared.program()
    await program.login()
    await program.call(C.Finalize)
    assert.equal(await program.refusal(C.Finalize), 0x190)
    await program.call(C.Initialize, bytes('PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1'), byte(0), bytes('\0'))
    assert.equal(await userState(program, await program.open()), 2)
  })
})
