/** CKM_SP800_108_COUNTER_KDF with the structures and numbers of CloudHSM, and with those of PKCS#11 v3.0. */
import assert from 'node:assert/strict'
import { createCipheriv, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { bytes, mechanism, OWN, room, template, ulong } from '../../support/p11-client.ts'
import { A, bench, C, CLASS, M } from './fixture.ts'

const CLOUDHSM = 0x8000_0001
const STANDARD = 0x03ac
const SHA256_HMAC = 0x251
const AES_CMAC = 0x108a
const [AES, GENERIC, DES3] = [0x1f, 0x10, 0x15]
const BASE = Buffer.alloc(32, 5)
const BLOCK = Buffer.from('exactly 16 bytes')
const CKR = {
  device: 0x30,
  mechanismParam: 0x71,
  keyType: 0x63,
  notPermitted: 0x68,
  incomplete: 0xd0,
} as const

/** As numbers lie in a program's memory. */
const numbers = (...values: readonly number[]): Buffer => {
  const memory = Buffer.alloc(8 * values.length)
  for (const [at, value] of values.entries()) memory.writeBigUInt64LE(BigInt(value), 8 * at)
  return memory
}
type Part = readonly [type: number, value: Uint8Array]
/** CK_SP800_108_KDF_PARAMS, with the number of further keys. */
const kdf = (type: number, prf: number, parts: readonly Part[], further = 0) =>
  mechanism(type, prf, parts.length, ...parts.flat(), further)

const LABEL = Buffer.from('label')
const CONTEXT = Buffer.from('context')
/** By CloudHSM's numbers: SP800_108_COUNTER_FORMAT and so on. */
const counter = (bits: number): Part => [4, numbers(bits)]
const label: Part = [5, LABEL]
const context: Part = [6, CONTEXT]
const length = (bits: number, method = 1): Part => [7, numbers(method, bits)]
const array = (value: Uint8Array): Part => [8, value]
/** By the standard's. */
const V3 = {
  counter: (bits: number, isLittleEndian = 0): Part => [1, numbers(isLittleEndian, bits)],
  length: (bits: number, isLittleEndian = 0): Part => [3, numbers(1, isLittleEndian, bits)],
  array: (value: Uint8Array): Part => [4, value],
}

/** Of HMAC-SHA256; `input` gets the number of the block. */
const hmac = (size: number, input: (count: number) => readonly (Uint8Array | string)[]): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(size / 32) }, (_, index) => {
      const mac = createHmac('sha256', BASE)
      for (const part of input(index + 1)) mac.update(part)
      return mac.digest()
    }),
  ).subarray(0, size)

suite('CKM_SP800_108_COUNTER_KDF', () => {
  const shared = bench()

  async function derivation(baseType = AES, derive = true) {
    const program = await shared.program({ offered: OWN })
    const session = ulong(await program.login())
    const base = template(
      [A.CLASS, CLASS.SECRET],
      [A.KEY_TYPE, baseType],
      [A.VALUE, BASE],
      [A.DERIVE, derive],
    )
    const made = await program.call(C.CreateObject, session, base)
    const from = ulong(made.numbers[0] ?? 0)
    const wanted = (size: number | 'unsaid', type = AES) =>
      template(
        [A.CLASS, CLASS.SECRET],
        [A.KEY_TYPE, type],
        [A.ENCRYPT, true],
        ...(size === 'unsaid' ? [] : [[A.VALUE_LEN, size] as const]),
      )
    return {
      refusal: (how: ReturnType<typeof kdf>, size: number | 'unsaid' = 32, type = AES) =>
        program.refusal(C.DeriveKey, session, how, from, wanted(size, type)),
      /** What the derived key makes of the block. */
      async encrypted(how: ReturnType<typeof kdf>, size = 32) {
        const derived = await program.call(C.DeriveKey, session, how, from, wanted(size))
        await program.call(C.EncryptInit, session, mechanism(M.AES_ECB), ulong(derived.numbers[0] ?? 0))
        return (await program.call(C.Encrypt, session, bytes(BLOCK), room(16))).bytes
      },
    }
  }
  const underKey = (key: Buffer) => createCipheriv(`aes-${key.length * 8}-ecb`, key, null).update(BLOCK)

  test('the parts are put together in their order, and a zero follows the label', async () => {
    const { encrypted } = await derivation()
    const bits = Buffer.of(0, 0, 1, 0)
    const rows: readonly (readonly [readonly Part[], (count: number) => readonly (Uint8Array | string)[]])[] =
      [
        [
          [counter(32), label, context, length(32)],
          (count) => [Buffer.of(0, 0, 0, count), 'label\0context', bits],
        ],
        [
          [counter(32), length(32), label, context],
          (count) => [Buffer.of(0, 0, 0, count), bits, 'label\0context'],
        ],
        [
          [array(LABEL), counter(16), array(CONTEXT), length(64)],
          (count) => ['label', Buffer.of(0, count), 'context', Buffer.of(0, 0, 0, 0), bits],
        ],
        [
          [length(16), array(LABEL), array(CONTEXT), counter(16)],
          (count) => [Buffer.of(1, 0), 'labelcontext', Buffer.of(0, count)],
        ],
        [[counter(32)], (count) => [Buffer.of(0, 0, 0, count)]],
      ]
    for (const [parts, input] of rows) {
      const expected = underKey(hmac(32, input))
      assert.deepEqual(await encrypted(kdf(CLOUDHSM, SHA256_HMAC, parts)), expected)
      assert.deepEqual(await encrypted(kdf(STANDARD, SHA256_HMAC, parts)), expected)
    }
  })

  test('the length is that of the key, or that of the blocks it is cut from', async () => {
    const { encrypted } = await derivation()
    for (const [method, bits] of [
      [1, Buffer.of(0, 128)],
      [2, Buffer.of(1, 0)],
    ] as const) {
      const expected = hmac(16, (count) => [Buffer.of(0, count), bits])
      const how = kdf(CLOUDHSM, SHA256_HMAC, [counter(16), length(16, method)])
      assert.deepEqual(await encrypted(how, 16), underKey(expected))
    }
  })

  test("the standard's structures and numbers mean the same", async () => {
    const { encrypted } = await derivation()
    const parts = [V3.array(LABEL), V3.counter(8), V3.array(CONTEXT), V3.length(24)]
    const expected = hmac(24, (count) => ['label', Buffer.of(count), 'context', Buffer.of(0, 0, 192)])
    for (const type of [CLOUDHSM, STANDARD])
      assert.deepEqual(await encrypted(kdf(type, SHA256_HMAC, parts), 24), underKey(expected))
  })

  test('a part of 8 bytes beside the counter of the standard is bytes', async () => {
    const { encrypted } = await derivation()
    const eight = numbers(32)
    const expected = hmac(32, (count) => [eight, Buffer.of(count)])
    const how = kdf(STANDARD, SHA256_HMAC, [V3.array(eight), V3.counter(8)])
    assert.deepEqual(await encrypted(how), underKey(expected))
  })

  test('a triple DES key says its length itself; others have to', async () => {
    const { refusal } = await derivation()
    const how = kdf(CLOUDHSM, AES_CMAC, [counter(32), length(32)])
    assert.equal(await refusal(how, 'unsaid', DES3), 0)
    assert.equal(await refusal(how, 'unsaid', AES), CKR.incomplete)
  })

  test('AES-CMAC is for AES keys, HMAC for generic secrets too, and both for keys made for it', async () => {
    const [aes, generic] = [await derivation(AES), await derivation(GENERIC)]
    const [cmac, hmacs] = [AES_CMAC, SHA256_HMAC].map((prf) => kdf(CLOUDHSM, prf, [counter(32)]))
    assert.ok(cmac && hmacs)
    assert.equal(await aes.refusal(cmac), 0)
    assert.equal(await aes.refusal(hmacs), 0)
    assert.equal(await generic.refusal(hmacs), 0)
    assert.equal(await generic.refusal(cmac), CKR.keyType)
    assert.equal(await (await derivation(AES, false)).refusal(cmac), CKR.notPermitted)
  })

  const wrong: readonly (readonly [string, ReturnType<typeof kdf>])[] = [
    ['no parameter', mechanism(CLOUDHSM)],
    ['no counter', kdf(CLOUDHSM, SHA256_HMAC, [label])],
    ['no part at all', kdf(CLOUDHSM, SHA256_HMAC, [])],
    ['two counters', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), counter(16)])],
    ['two lengths', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), length(16), length(16)])],
    ['two labels', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), label, label])],
    ['a counter of 12 bits', kdf(CLOUDHSM, SHA256_HMAC, [counter(12)])],
    ['a counter of no known form', kdf(CLOUDHSM, SHA256_HMAC, [[4, Buffer.alloc(9)]])],
    ['a little-endian counter', kdf(STANDARD, SHA256_HMAC, [V3.counter(16, 1)])],
    ['a little-endian length', kdf(STANDARD, SHA256_HMAC, [V3.counter(16), V3.length(16, 1)])],
    ['a length of 12 bits', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), length(12)])],
    ['a length of no known form', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), [7, Buffer.alloc(8)]])],
    ['a length of 72 bits', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), length(72)])],
    ['a length that does not fit', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), length(8)])],
    ['a length of another method', kdf(CLOUDHSM, SHA256_HMAC, [counter(16), length(16, 3)])],
    ['an optional counter', kdf(STANDARD, SHA256_HMAC, [V3.counter(16), [2, numbers(0, 16)]])],
    ['a key for a part', kdf(STANDARD, SHA256_HMAC, [V3.counter(16), [5, numbers(1)]])],
    ['a PRF that is none', kdf(CLOUDHSM, 0x250, [counter(16)])],
    ['a PRF with a parameter', kdf(CLOUDHSM, 0x252, [counter(16)])],
    ['further keys', kdf(STANDARD, SHA256_HMAC, [V3.counter(16)], 1)],
    [
      '17 parts',
      kdf(CLOUDHSM, SHA256_HMAC, [counter(16), ...Array.from({ length: 16 }, () => array(LABEL))]),
    ],
    ['too much in front', kdf(CLOUDHSM, SHA256_HMAC, [array(Buffer.alloc(4097)), counter(16)])],
  ]
  for (const [what, how] of wrong) {
    test(`refused: ${what}`, async () => {
      const { refusal } = await derivation()
      assert.equal(await refusal(how), CKR.mechanismParam)
    })
  }

  test('a number of parts that are not there is malformed', async () => {
    const { refusal } = await derivation()
    assert.equal(await refusal(mechanism(CLOUDHSM, SHA256_HMAC, 3, 4, numbers(32))), CKR.device)
  })
})
