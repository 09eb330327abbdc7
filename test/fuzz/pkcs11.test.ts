/** Programs that talk nonsense to the PKCS#11 socket: it answers or hangs up, and serves everybody else. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  type Argument,
  type Attribute,
  byte,
  bytes,
  closed,
  listRoom,
  mechanism,
  room,
  template,
  ulong,
  wanted,
} from '../support/p11-client.ts'
import { until } from '../support/until.ts'
import { A, aesKey, bench, C, ecPair, M, P256, type Program } from '../unit/pkcs11/fixture.ts'

/** Calls of the protocol and what they take; kept here by themselves, so that a wrong table is noticed. */
const SIGNATURES: Readonly<Record<number, string>> = {
  3: '',
  4: 'yfu',
  5: 'u',
  6: 'u',
  7: 'ufu',
  8: 'uu',
  10: 'uu',
  11: 'u',
  12: 'u',
  13: 'u',
  15: 'uayay',
  18: 'uuay',
  19: 'u',
  20: 'uaA',
  21: 'uuaA',
  22: 'uu',
  23: 'uu',
  24: 'uufA',
  25: 'uuaA',
  26: 'uaA',
  27: 'ufu',
  28: 'u',
  29: 'uMu',
  30: 'uayfy',
  31: 'uayfy',
  32: 'ufy',
  33: 'uMu',
  34: 'uayfy',
  35: 'uayfy',
  36: 'ufy',
  37: 'uM',
  38: 'uayfy',
  39: 'uay',
  40: 'uu',
  41: 'ufy',
  42: 'uMu',
  43: 'uayfy',
  44: 'uay',
  45: 'ufy',
  48: 'uMu',
  49: 'uayay',
  50: 'uay',
  51: 'uay',
  58: 'uMaA',
  60: 'uMuufy',
  61: 'uMuayaA',
  62: 'uMuaA',
  63: 'uay',
  64: 'ufy',
  65: 'u',
  66: 'uuayay',
  67: 'uu',
}
const LETTERS = /[af][yuA]|./g

const number = fc.oneof(fc.nat(12), fc.constantFrom(0, 1, 2, 4, 6, 0x800, 2 ** 32, 2 ** 53), fc.nat())
const content = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom('alice:wrong', 'x', '', 'sixteen bytes...').map((text) => Buffer.from(text)),
)
const space = fc.constantFrom(0, 1, 16, 64, 512, 0xffff_ffff)
const attribute = fc.oneof(
  fc.tuple(fc.constantFrom(A.TOKEN, A.SIGN, A.SENSITIVE, A.EXTRACTABLE, A.PRIVATE), fc.boolean()),
  fc.tuple(fc.constantFrom(A.CLASS, A.KEY_TYPE, A.VALUE_LEN, A.MODULUS_BITS), fc.nat(64)),
  fc.tuple(fc.constantFrom(A.LABEL, A.ID, A.VALUE, 0x8000_0001), content),
  fc.constant([A.EC_PARAMS, P256] as const),
  fc.constant([0x4000_0211, [[A.SIGN, true]]] as const),
)
const attributes = fc
  .array(attribute, { maxLength: 5 })
  .map((all) => template(...(all as readonly Attribute[])))
const anyMechanism = fc.oneof(
  fc
    .constantFrom(M.ECDSA, M.ECDSA_SHA256, M.SHA256, M.AES_ECB, M.AES_GEN, M.EC_GEN, M.SHA256_HMAC)
    .map((type) => mechanism(type)),
  fc.constantFrom(M.AES_CBC, M.AES_CBC_PAD).map((type) => mechanism(type, Buffer.alloc(16))),
  fc
    .tuple(fc.constantFrom(M.RSA_PSS, M.AES_CTR, M.ECDH, M.AES_GCM), fc.array(number, { maxLength: 4 }))
    .map(([type, fields]) => mechanism(type, ...fields)),
  fc.nat().map((type) => mechanism(type)),
  fc.constant(mechanism(null)),
)
const ARGUMENTS: Readonly<Record<string, fc.Arbitrary<Argument>>> = {
  y: fc.nat(255).map(byte),
  u: number.map(ulong),
  ay: fc.option(content, { nil: undefined }).map(bytes),
  fy: space.map(room),
  fu: space.map(listRoom),
  aA: attributes,
  fA: fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...Object.values(A)), fc.nat()), space), { maxLength: 8 })
    .map((all) => wanted(...all)),
  M: anyMechanism,
}

const anyCall = fc.constantFrom(...Object.keys(SIGNATURES).map(Number)).chain((id) => {
  const letters = (SIGNATURES[id] ?? '').match(LETTERS) ?? []
  const given = letters.map((letter) => ARGUMENTS[letter] ?? fc.constant(byte(0)))
  return fc.tuple(...given).map((chosen) => ({ id, given: chosen }))
})

suite('PKCS#11 under nonsense', () => {
  const shared = bench()

  const isWell = async (program: Program) => {
    assert.equal((await program.call(C.GetInfo)).texts.length, 2)
    assert.deepEqual(
      shared.log.filter(({ level }) => level === 'error'),
      [],
    )
  }

  for (const offered of [0, 1, 2]) {
    test(`calls in any order with any arguments are answered (version ${offered})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 40 }), async (calls) => {
          const program = await shared.program({ offered })
          const session = await program.login()
          await aesKey(program, session)
          await ecPair(program, session)
          for (const { id, given } of calls) await program.refusal(id, ...given)
          await isWell(program)
          program.stream.destroy()
        }),
        { numRuns: 40 },
      )
    })
  }

  test('many threads at once are all answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 20, maxLength: 200 }), async (calls) => {
        const program = await shared.program()
        await program.login()
        await Promise.all(calls.map(({ id, given }) => program.refusal(id, ...given)))
        await isWell(program)
        program.stream.destroy()
      }),
      { numRuns: 20 },
    )
  })

  test('a body of any bytes is answered', async () => {
    const program = await shared.program()
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3, max: 95 }),
        fc.string({ maxLength: 8 }),
        fc.uint8Array({ maxLength: 200 }),
        async (id, letters, body) => {
          await program.refusal(id, { letters, bytes: () => Buffer.from(body) })
          const right = SIGNATURES[id]
          if (right !== undefined)
            await program.refusal(id, { letters: right, bytes: () => Buffer.from(body) })
        },
      ),
      { numRuns: 2000 },
    )
    await isWell(program)
  })

  test('a stream of any bytes is hung up on or waited for, and nobody else notices', async () => {
    const witness = await shared.program()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }),
        async (pieces) => {
          const stream = connect(shared.path)
          stream.on('error', () => undefined)
          for (const piece of pieces) stream.write(piece)
          stream.end()
          stream.resume()
          await closed(stream)
          await isWell(witness)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a thousand programs at once', async () => {
    const programs: Program[] = []
    // The system lets only so many wait for a connection.
    while (programs.length < 1000) {
      programs.push(...(await Promise.all(Array.from({ length: 100 }, () => shared.program()))))
    }
    assert.equal(shared.pkcs11.connections() >= 1000, true)
    const answers = await Promise.all(
      programs.map((program) => program.call(C.GetSlotList, byte(1), listRoom(1))),
    )
    assert.ok(answers.every(({ list }) => list[0] === 0))
    for (const { stream } of programs) stream.destroy()
    await until('their places are free', () => shared.pkcs11.connections() <= 100)
  })

  test('large frames have a common bound, small ones do not run into it', async () => {
    const programs = await Promise.all(Array.from({ length: 9 }, () => shared.program()))
    const announced = 64 * 1024 * 1024
    const header = Buffer.from('000000640000000004000000', 'hex')
    const part = Buffer.alloc(announced - 1024)
    const ends = programs.map(({ stream }) => closed(stream))
    for (const { stream } of programs) {
      stream.write(header)
      stream.write(part)
    }
    await Promise.race(ends)
    for (const { stream } of programs) stream.destroy()
    const small = await shared.program()
    assert.equal((await small.call(C.GetSlotInfo, ulong(0))).texts.length, 2)
  })
})
