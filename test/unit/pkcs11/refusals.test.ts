/** The log says why a program was refused, without what nobody may read there, and without end to nobody's calls. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { BOUNDS } from '../../../src/pkcs11/bounds.ts'
import { CKR } from '../../../src/pkcs11/cryptoki/returns.ts'
import { CryptokiError } from '../../../src/pkcs11/errors.ts'
import { createRefusals } from '../../../src/pkcs11/refusals.ts'
import {
  type Argument,
  type Attribute,
  bytes,
  mechanism,
  room,
  template,
  ulong,
} from '../../support/p11-client.ts'
import { PASSWORD } from '../../support/world.ts'
import { A, bench, C, CLASS, type Line, M, P256 } from './fixture.ts'

const UNKNOWN: Argument = { letters: 'M', bytes: () => Buffer.from('77777777', 'hex') }

suite('what a program is refused', () => {
  const shared = bench()

  /** The line that a call leaves. */
  async function lineOf(call: () => Promise<number>): Promise<Line['fields']> {
    shared.log.length = 0
    assert.notEqual(await call(), 0)
    const [line] = shared.log
    assert.equal(shared.log.length, 1)
    assert.deepEqual([line?.level, line?.message], ['info', 'a PKCS#11 call was refused'])
    return line?.fields ?? {}
  }

  test('logins: what was wrong, and nothing of the PIN', async () => {
    const program = await shared.program()
    const session = ulong(await program.open())
    const login = (pin: string) => lineOf(() => program.refusal(C.Login, session, ulong(1), bytes(pin)))
    const wrong = await login('alice:not this one')
    assert.equal(wrong['returns'], 'CKR_PIN_INCORRECT')
    assert.ok(wrong['reason'])
    const bare = await login(PASSWORD)
    assert.deepEqual(bare, {
      call: 'C_Login',
      returns: 'CKR_PIN_INCORRECT',
      reason: 'The PIN has no colon: it must be user:password',
    })
    const nobody = await login('nobody:not this one')
    assert.equal(nobody['reason'], wrong['reason'])
    const own = ulong(await program.login())
    const others = await lineOf(() =>
      program.refusal(C.SetPIN, own, bytes(`alice:${PASSWORD}`), bytes('bob:not this one')),
    )
    assert.equal(others['reason'], 'Only the password of the user who is logged in can be changed')
    assert.doesNotMatch(JSON.stringify([wrong, bare, nobody, others]), /not this one|correct horse/)
  })

  test('templates: the attribute by its name', async () => {
    const program = await shared.program({ offered: 1 })
    const session = ulong(await program.login())
    const SECRET = Buffer.from('a value that stays secret, really')
    const generate = (...given: readonly Attribute[]) =>
      [C.GenerateKey, mechanism(M.AES_GEN), template(...given)] as const
    const create = (...given: readonly Attribute[]) => [C.CreateObject, template(...given)] as const
    const secret = [
      [A.CLASS, CLASS.SECRET],
      [A.KEY_TYPE, 0x1f],
      [A.VALUE, SECRET],
    ] as const
    const cases: readonly (readonly [RegExp, number, ...Argument[]])[] = [
      [/^CKA_VALUE_LEN is missing$/, ...generate([A.LABEL, 'x'])],
      [/^CKA_LABEL is there twice$/, ...generate([A.VALUE_LEN, 32], [A.LABEL, 'x'], [A.LABEL, 'y'])],
      [/^CKA_DESTROYABLE has no value/, ...generate([A.VALUE_LEN, 32], [A.DESTROYABLE, Buffer.alloc(8)])],
      [/^A secret-key has no CKA_EC_PARAMS$/, ...generate([A.VALUE_LEN, 32], [A.EC_PARAMS, P256])],
      [/^CKA_SIGN_RECOVER can only be false$/, ...generate([A.VALUE_LEN, 32], [A.SIGN_RECOVER, true])],
      [/^CKA_VALUE_LEN of an AES key cannot be 17$/, ...generate([A.VALUE_LEN, 17])],
      [/label/, ...generate([A.VALUE_LEN, 32], [A.LABEL, 'x'.repeat(200)])],
      [/^CKA_VALUE_LEN is 16 where it can only be 33$/, ...create(...secret, [A.VALUE_LEN, 16])],
      [/./, ...create(...secret)],
    ]
    for (const [reason, id, ...given] of cases) {
      const fields = await lineOf(() => program.refusal(id, session, ...given))
      assert.match(String(fields['reason']), reason)
      assert.equal(fields['user'], 'alice')
      assert.doesNotMatch(JSON.stringify(fields), /stays secret/)
    }
  })

  test('mechanisms and handles', async () => {
    const program = await shared.program()
    const session = ulong(await program.login())
    const unknown = await lineOf(() => program.refusal(C.SignInit, session, UNKNOWN, ulong(1)))
    assert.deepEqual(
      [unknown['returns'], unknown['reason']],
      ['CKR_MECHANISM_INVALID', 'There is no mechanism 0x77777777'],
    )
    const bad = await lineOf(() => program.refusal(C.SignInit, session, mechanism(M.ECDSA), ulong(4711)))
    assert.deepEqual([bad['call'], bad['returns']], ['C_SignInit', 'CKR_KEY_HANDLE_INVALID'])
    const none = await lineOf(() => program.refusal(C.Sign, ulong(99), bytes('x'), room(9)))
    assert.equal(none['returns'], 'CKR_SESSION_HANDLE_INVALID')
  })

  test('no more lines than an operator can read: the first ones, the last one, and how many are left out', () => {
    const lines: Line['fields'][] = []
    const refusals = createRefusals((_level, fields) => lines.push(fields))
    const say = (user: string) => refusals.note('C_Sign', user, new CryptokiError(CKR.DATA_LEN_RANGE))
    for (let count = 0; count < 1000; count += 1) say(`u${count}`)
    const written = lines.length
    assert.ok(written < 100)
    refusals.end()
    assert.deepEqual(lines.at(-1), {
      call: 'C_Sign',
      returns: 'CKR_DATA_LEN_RANGE',
      user: 'u999',
      leftOut: 1000 - written - 1,
    })
    assert.equal(lines[0]?.['user'], 'u0')
    refusals.end()
    assert.equal(lines.length, written + 1)
    say('again')
    refusals.end()
    assert.equal(lines.length, written + 2)
    assert.equal(lines.at(-1)?.['user'], 'again')
  })

  test('many of one kind hide no other', () => {
    const lines: Line['fields'][] = []
    const refusals = createRefusals((_level, fields) => lines.push(fields))
    for (let count = 0; count < 1000; count += 1)
      refusals.note('C_Sign', 'alice', new CryptokiError(CKR.DATA_LEN_RANGE))
    const written = lines.length
    refusals.note('C_Login', undefined, new CryptokiError(CKR.PIN_LOCKED))
    refusals.closed({ uid: 1000 }, 'a PKCS#11 connection was closed')
    assert.deepEqual(lines.slice(written), [{ call: 'C_Login', returns: 'CKR_PIN_LOCKED' }, { uid: 1000 }])
    refusals.end()
  })

  test('what is left out is told when the period is over, also when nothing more is refused', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const lines: Line['fields'][] = []
    const refusals = createRefusals((_level, fields) => lines.push(fields))
    for (let count = 0; count < 1000; count += 1)
      refusals.note('C_Sign', 'alice', new CryptokiError(CKR.DATA_LEN_RANGE))
    const written = lines.length
    const { now } = performance
    t.mock.method(performance, 'now', () => now.call(performance) + BOUNDS.refusalsPeriodMs)
    t.mock.timers.tick(BOUNDS.refusalsPeriodMs)
    assert.deepEqual([lines.length, lines.at(-1)?.['leftOut']], [written + 1, 1000 - written - 1])
  })
})
