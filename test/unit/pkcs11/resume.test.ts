/** Programs of our own module that go on in another connection: what they have there, what they must not have, and what they cannot say. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { callerOf, type Hsm } from '../../../src/contract/hsm.ts'
import {
  type Argument,
  bytes,
  connectP11,
  mechanism,
  OWN,
  template,
  ulong,
} from '../../support/p11-client.ts'
import { until } from '../../support/until.ts'
import { PASSWORD } from '../../support/world.ts'
import { A, bench, C, M, type Program, programOf, READ_ONLY, READ_WRITE } from './fixture.ts'

const RESUME = 128
const NO_SESSION = 0xb3
const NOT_LOGGED_IN = 0x101
const ALREADY = 0x191
const DEVICE_ERROR = 0x30
const DEVICE_REMOVED = 0x32
const ARGUMENTS = 7
const NO_KEY = 0x60
const CREDENTIAL = /^[\w-]{54}$/

const numbers = (...all: readonly number[]): Argument => {
  const list = Buffer.alloc(5 + 8 * all.length, 1)
  list.writeUInt32BE(all.length, 1)
  all.forEach((one, index) => void list.writeBigUInt64BE(BigInt(one), 5 + 8 * index))
  return { letters: 'au', bytes: () => list }
}

type Known = {
  readonly last?: number
  readonly readOnly?: readonly number[]
  readonly readWrite?: readonly number[]
  readonly credential?: string | undefined
}

const asked = ({ last = 0, readOnly = [], readWrite = [], credential }: Known) =>
  [ulong(last), numbers(...readOnly), numbers(...readWrite), bytes(credential)] as const

suite('a program of our own module in another connection', () => {
  let isServing = true
  /** What `session.resume` waits for. */
  let resumes: Promise<void> = Promise.resolve()
  const through = (hsm: Hsm): Hsm => {
    const serving = (): Hsm => {
      if (isServing) return hsm
      throw new HsmError('not-serving')
    }
    return {
      async call(...call) {
        if (call[0] === 'session.resume') await resumes
        return serving().call(...call)
      },
      caller: (session, source) => {
        const caller = callerOf(hsm, session, source)
        return (...call) => {
          serving()
          return caller(...call)
        }
      },
    }
  }
  const shared = bench({}, { through })

  const nobody = async (): Promise<Program> => {
    return programOf(await connectP11(shared.path, { offered: OWN, initialize: false }))
  }

  /** A program with a read-write session in which it is logged in, another one, and what resumes its login. */
  async function begun(username = 'alice') {
    const program = await shared.program({ offered: OWN })
    const session = await program.open(READ_WRITE)
    const login = [ulong(session), ulong(1), bytes(`${username}:${PASSWORD}`)]
    const { credential } = await program.call(C.Login, ...login)
    assert.match(credential ?? '', CREDENTIAL)
    const other = await program.open(READ_ONLY)
    return { program, session, other, credential }
  }

  async function resumed(known: Known) {
    const program = await nobody()
    const { numbers: said } = await program.call(RESUME, ...asked(known))
    return { program, isLoggedIn: said[0] }
  }

  const stateOf = async (program: Program, session: number) =>
    (await program.call(C.GetSessionInfo, ulong(session))).numbers[1]

  const random = (program: Program, session: number) =>
    program.refusal(C.GenerateRandom, ulong(session), {
      letters: 'fy',
      bytes: () => Buffer.from([0, 0, 0, 8]),
    })

  test('stands where it stood: sessions by their numbers, the login, and no number twice', async () => {
    const { session, other, credential } = await begun()
    const known = { last: 7, readOnly: [other], readWrite: [session], credential }
    const { program, isLoggedIn } = await resumed(known)
    assert.equal(isLoggedIn, 1)
    assert.deepEqual([await stateOf(program, session), await stateOf(program, other)], [3, 1])
    assert.equal(await random(program, session), 0)
    assert.equal(await program.open(), 8)
    assert.equal(await program.refusal(C.GetSessionInfo, ulong(7)), NO_SESSION)
    assert.equal(await program.refusal(C.SetPIN, ulong(session), bytes('bob:x'), bytes('bob:y')), 0xa0)
  })

  test('has its token objects under the same handles, and its session objects no more', async () => {
    const { program, session, credential } = await begun()
    const made = async (token: boolean) => {
      const what = template([A.VALUE_LEN, 32], [A.SIGN, true], [A.TOKEN, token])
      const { numbers: handles } = await program.call(
        C.GenerateKey,
        ulong(session),
        mechanism(M.GENERIC_GEN),
        what,
      )
      return handles[0] ?? 0
    }
    const [kept, lost] = [await made(true), await made(false)]
    const { program: next } = await resumed({ last: session, readWrite: [session], credential })
    const begins = (key: number) =>
      next.refusal(C.SignInit, ulong(session), mechanism(M.SHA256_HMAC), ulong(key))
    assert.equal(await begins(kept), 0)
    await next.call(C.Logout, ulong(session))
    await next.login()
    assert.equal(await begins(lost), NO_KEY)
  })

  test('p11-kit’s client is given no credential, and cannot go on by one', async () => {
    const program = await shared.program()
    const session = await program.open()
    const login = [ulong(session), ulong(1), bytes(`alice:${PASSWORD}`)]
    const { signature } = await program.call(C.Login, ...login)
    assert.equal(signature, '')
    const { credential } = await begun()
    assert.equal(await program.refusal(RESUME, ...asked({ credential })), DEVICE_ERROR)
  })

  test('C_LoginUser gives a credential as well', async () => {
    const program = await shared.program({ offered: OWN })
    const session = await program.open()
    const who = [ulong(session), ulong(1), bytes(PASSWORD), bytes('bob')]
    const { credential } = await program.call(C.LoginUser, ...who)
    assert.equal((await resumed({ credential })).isLoggedIn, 1)
  })

  for (const [how, end] of Object.entries({
    C_Logout: async ({ program, session }: Awaited<ReturnType<typeof begun>>) => {
      await program.call(C.Logout, ulong(session))
    },
    'the end of the connection': async ({ program }: Awaited<ReturnType<typeof begun>>) => {
      const connections = shared.pkcs11.connections()
      program.stream.destroy()
      await until('the connection is gone', () => shared.pkcs11.connections() < connections)
    },
    'user logout': async () => {
      await shared.world.as('admin', 'user.logout', { username: 'alice', role: 'crypto-user' })
    },
    'a change of the password': async () => {
      const who = { username: 'alice', role: 'crypto-user' } as const
      await shared.world.as('admin', 'user.change-password', { ...who, password: PASSWORD, force: true })
    },
  }))
    test(`a login that ended by ${how} does not go on; its sessions do`, async () => {
      const before = await begun()
      await end(before)
      const { session, credential } = before
      const { program, isLoggedIn } = await resumed({ last: session, readWrite: [session], credential })
      assert.equal(isLoggedIn, 0)
      assert.equal(await stateOf(program, session), 2)
      assert.equal(await random(program, session), NOT_LOGGED_IN)
    })

  test('a credential that is none, or nobody’s, resumes nothing', async () => {
    const { credential = '' } = await begun()
    for (const wrong of ['', 'x', '\0'.repeat(54), `${credential.slice(0, -1)}!`])
      assert.equal((await resumed({ credential: wrong })).isLoggedIn, 0)
  })

  test('an HSM that does not serve yet says so, and the login is there when it does', async () => {
    const { credential } = await begun()
    const early = await nobody()
    isServing = false
    assert.equal(await early.refusal(RESUME, ...asked({ credential })), DEVICE_REMOVED)
    isServing = true
    assert.equal(await early.refusal(C.GetInfo), 0x190)
    early.stream.destroy()
    assert.equal((await resumed({ credential })).isLoggedIn, 1)
  })

  test('has no more room than anybody until the HSM has said that its login goes on', async () => {
    const { credential } = await begun()
    const { promise, resolve } = Promise.withResolvers<void>()
    resumes = promise
    const program = await nobody()
    const asking = program.call(RESUME, ...asked({ last: 1, readWrite: [1], credential }))
    const digested = [ulong(1), bytes(Buffer.alloc(2 * 1024 * 1024))] as const
    assert.equal(await program.refusal(C.DigestUpdate, ...digested), NOT_LOGGED_IN)
    resolve()
    assert.deepEqual((await asking).numbers, [1])
    assert.equal(await program.refusal(C.DigestUpdate, ...digested), 0x91)
  })

  test('once, and not after C_Initialize', async () => {
    const { program } = await resumed({})
    assert.equal(await program.refusal(RESUME, ...asked({})), ALREADY)
    const initialized = await shared.program({ offered: OWN })
    assert.equal(await initialized.refusal(RESUME, ...asked({})), ALREADY)
  })

  for (const [what, known] of Object.entries({
    'session 0': { last: 5, readWrite: [0] },
    'a session after the last': { last: 5, readWrite: [6] },
    'one session twice': { last: 5, readWrite: [1, 1] },
    'one session of both kinds': { last: 5, readWrite: [1], readOnly: [1] },
    'more sessions than there may be': {
      last: 5000,
      readWrite: Array.from({ length: 1000 }, (_, index) => index + 1),
      readOnly: Array.from({ length: 25 }, (_, index) => index + 2000),
    },
    'more numbers than there are': { last: 2 ** 32 },
  }))
    test(`cannot have had ${what}`, async () => {
      const program = await nobody()
      assert.equal(await program.refusal(RESUME, ...asked(known)), ARGUMENTS)
      assert.equal(await program.refusal(RESUME, ...asked({})), 0)
    })

  test('is told of the end of the HSM, and what was asked before is answered', async () => {
    const { program, session, credential } = await begun()
    const heard: Buffer[] = []
    program.stream.on('data', (chunk: Buffer) => heard.push(chunk))
    const answers = Promise.all([random(program, session), random(program, session)])
    await program.call(C.GetInfo)
    const ended = once(program.stream, 'end')
    await shared.pkcs11.release()
    assert.deepEqual(await answers, [0, 0])
    await ended
    assert.deepEqual(Buffer.concat(heard).subarray(-12), Buffer.alloc(12))
    assert.equal((await resumed({ credential })).isLoggedIn, 1)
  })
})
