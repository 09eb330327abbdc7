/** Bytes of a reply belong to whoever asked: the token wipes them when the program has its answer. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { andThen } from '../../../src/base/maybe-promise.ts'
import { callerOf, type Hsm } from '../../../src/contract/hsm.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { OperationName } from '../../../src/contract/operations.ts'
import { bytes, mechanism, room, template, ulong, wanted } from '../../support/p11-client.ts'
import { A, bench, C, M } from './fixture.ts'

const WITH_RESULTS: readonly OperationName[] = [
  'crypto.update',
  'crypto.finish',
  'crypto.random',
  'key.export-value',
]

suite('what came of a call is wiped', () => {
  /** What the HSM has answered. */
  let replied: Buffer[] = []
  const heard = <R>(operation: OperationName, reply: R): R => {
    if (WITH_RESULTS.includes(operation))
      replied.push(...Object.values(reply as object).filter(Buffer.isBuffer))
    return reply
  }
  const overheard = (hsm: Hsm): Hsm => ({
    call: async (operation, ...asked) => heard(operation, await hsm.call(operation, ...asked)),
    caller(session, source) {
      const call = callerOf(hsm, session, source)
      return (operation, request) => andThen(call(operation, request), (reply) => heard(operation, reply))
    },
  })
  const shared = bench({}, { through: overheard })
  const allAreWiped = () => replied.every((one) => one.every((byte) => byte === 0))
  beforeEach(() => {
    replied = []
  })

  async function withKey() {
    const program = await shared.program()
    const session = ulong(await program.login())
    const made = await program.call(
      C.GenerateKey,
      session,
      mechanism(M.AES_GEN),
      template([A.VALUE_LEN, 32], [A.ENCRYPT, true], [A.DECRYPT, true], [A.SIGN, true], [A.SENSITIVE, false]),
    )
    const key = ulong(made.numbers[0] ?? 0)
    const begin = (call: number, ...of: Parameters<typeof mechanism>) =>
      program.call(call, session, mechanism(...of), key)
    return { program, session, key, begin }
  }

  /** @param count of replies with bytes in them */
  function wiped(count: number): void {
    assert.equal(replied.length, count)
    assert.ok(allAreWiped())
  }

  test('plain text that came whole or in parts, and a MAC', async () => {
    const { program, session, begin } = await withKey()
    const text = Buffer.alloc(32, 'plain text')
    await begin(C.EncryptInit, M.AES_ECB)
    const { bytes: encrypted } = await program.call(C.Encrypt, session, bytes(text), room(32))
    await begin(C.DecryptInit, M.AES_ECB)
    const whole = await program.call(C.Decrypt, session, bytes(encrypted), room(32))
    assert.deepEqual(whole.bytes, text)
    await begin(C.DecryptInit, M.AES_ECB)
    const part = await program.call(C.DecryptUpdate, session, bytes(encrypted), room(32))
    assert.deepEqual(part.bytes, text)
    await program.call(C.DecryptFinal, session, room(32))
    await begin(C.SignInit, M.AES_CMAC)
    const { bytes: mac } = await program.call(C.Sign, session, bytes(text), room(16))
    assert.notDeepEqual(mac, Buffer.alloc(16))
    wiped(5)
  })

  test('the end of a message that was held back, when it is had and when it is given up', async () => {
    const { program, session, begin } = await withKey()
    const iv = Buffer.alloc(16)
    await begin(C.EncryptInit, M.AES_CBC_PAD, iv)
    const { bytes: encrypted } = await program.call(
      C.Encrypt,
      session,
      bytes('twenty bytes of text'),
      room(32),
    )
    for (const isHad of [true, false]) {
      await begin(C.DecryptInit, M.AES_CBC_PAD, iv)
      await program.call(C.DecryptUpdate, session, bytes(encrypted), room(32))
      const { length } = await program.call(C.DecryptFinal, session, room(1))
      assert.equal(length, 4)
      assert.equal(allAreWiped(), false)
      if (isHad) {
        const { bytes: end } = await program.call(C.DecryptFinal, session, room(4))
        assert.equal(String(end), 'text')
      } else await program.call(C.DecryptInit, session, mechanism(null), ulong(0))
      assert.ok(allAreWiped())
    }
    await begin(C.DecryptInit, M.AES_CBC_PAD, iv)
    await program.call(C.DecryptUpdate, session, bytes(encrypted), room(32))
    await program.call(C.DecryptFinal, session, room(1))
    await program.call(C.CloseSession, session)
    wiped(7)
  })

  test('random bytes, however many pieces they came in', async () => {
    const { program, session } = await withKey()
    const count = LIMITS.randomBytes + 16
    const { bytes: random } = await program.call(C.GenerateRandom, session, room(count))
    assert.equal(random?.length, count)
    assert.notDeepEqual(random?.subarray(-16), Buffer.alloc(16))
    wiped(2)
  })

  test('the value of a key, whether there was room for it or not', async () => {
    const { program, session, key } = await withKey()
    const shown = await program.call(C.GetAttributeValue, session, key, wanted([A.VALUE, 32]))
    const [{ value } = { value: undefined }] = shown.attributes
    assert.ok(Buffer.isBuffer(value))
    assert.notDeepEqual(value, Buffer.alloc(32))
    await program.call(C.GetAttributeValue, session, key, wanted([A.VALUE, 31]))
    wiped(2)
  })
})
