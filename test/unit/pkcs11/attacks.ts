/**
 * The attacks of `test/support/known-attacks.ts` as programs make them that speak PKCS#11: each finds the value of a
 * key that is not to be read, until the policy trusted-wrapping is applied.
 */
import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { CKR } from '../../../src/pkcs11/cryptoki/returns.ts'
import { fails } from '../../support/errors.ts'
import {
  type Attribute,
  bytes,
  mechanism,
  Refused,
  room,
  template,
  ulong,
  wanted,
} from '../../support/p11-client.ts'
import { reference } from '../../support/world.ts'
import { A, bench, C, CLASS, M, type Program, type Way } from './fixture.ts'

const AES = 0x1f
const TRUSTED = 0x86
const WRAP_WITH_TRUSTED = 0x210
const AES_KEY_WRAP = mechanism(0x2109)
const GCM = mechanism(M.AES_GCM, Buffer.alloc(12, 9), 0, Buffer.alloc(0), 128)
const KNOWN = Buffer.alloc(32, 7)
const SECRET: readonly Attribute[] = [
  [A.CLASS, CLASS.SECRET],
  [A.KEY_TYPE, AES],
]

/** What a thief does at the token. Keys are handles. */
function thief(program: Program, session: number) {
  const at = ulong(session)
  const made = async (...call: Parameters<Program['call']>) => (await program.call(...call)).numbers[0] ?? 0
  const whole = async (...call: Parameters<Program['call']>) => (await program.call(...call)).bytes as Buffer
  return {
    generate: (...attributes: readonly Attribute[]) =>
      made(
        C.GenerateKey,
        at,
        mechanism(M.AES_GEN),
        template([A.VALUE_LEN, 32], [A.TOKEN, true], ...attributes),
      ),
    bring: (value: Buffer, ...attributes: readonly Attribute[]) =>
      made(C.CreateObject, at, template(...SECRET, [A.VALUE, value], [A.TOKEN, true], ...attributes)),
    set: (key: number, attribute: Attribute) =>
      program.call(C.SetAttributeValue, at, ulong(key), template(attribute)),
    copy: (key: number, ...attributes: readonly Attribute[]) =>
      made(C.CopyObject, at, ulong(key), template(...attributes)),
    wrap: (key: number, under: number, how = AES_KEY_WRAP) =>
      whole(C.WrapKey, at, how, ulong(under), ulong(key), room(1000)),
    unwrap: (wrapped: Buffer, under: number, ...attributes: readonly Attribute[]) =>
      made(C.UnwrapKey, at, AES_KEY_WRAP, ulong(under), bytes(wrapped), template(...SECRET, ...attributes)),
    /** With a key that decrypts single blocks, which is all that RFC 3394 §2.2.2 is made of. */
    async decrypt(wrapped: Buffer, key: number): Promise<Buffer> {
      const [first = Buffer.of(), ...rest] = halvesOf(wrapped)
      let check = first
      for (let step = 6 * rest.length; step > 0; step -= 1) {
        const place = (step - 1) % rest.length
        check.writeUInt8(check.readUInt8(7) ^ step, 7)
        await program.call(C.DecryptInit, at, mechanism(M.AES_ECB), ulong(key))
        const block = Buffer.concat([check, rest[place] ?? check])
        const [left, right] = halvesOf(await whole(C.Decrypt, at, bytes(block), room(16)))
        check = left ?? check
        rest[place] = right ?? check
      }
      return Buffer.concat(rest)
    },
    async show(key: number): Promise<Buffer> {
      const { attributes } = await program.call(C.GetAttributeValue, at, ulong(key), wanted([A.VALUE, 64]))
      const value = attributes[0]?.value
      if (!Buffer.isBuffer(value)) throw new Refused(CKR.ATTRIBUTE_SENSITIVE)
      return value
    },
    async encrypt(key: number, block: Buffer): Promise<Buffer> {
      await program.call(C.EncryptInit, at, mechanism(M.AES_ECB), ulong(key))
      return whole(C.Encrypt, at, bytes(block), room(16))
    },
  }
}
type Thief = ReturnType<typeof thief>

/** An admin trusts the only key with that label. */
type Trust = (label: string) => Promise<void>
type Loot = { readonly key: number; readonly value: Buffer }

const wrapping = (label: string): readonly Attribute[] => [
  [A.LABEL, label],
  [A.WRAP, true],
]
const ATTACKS: Readonly<Record<string, (us: Thief, trust: Trust) => Promise<Loot>>> = {
  async 'a key that wraps and decrypts'(us, trust) {
    const under = await us.generate(...wrapping('both'), [A.DECRYPT, true])
    await trust('both')
    const key = await us.generate([A.ENCRYPT, true])
    return { key, value: await us.decrypt(await us.wrap(key, under), under) }
  },
  async 'a key that wraps first and then decrypts'(us, trust) {
    const under = await us.generate(...wrapping('later'))
    await trust('later')
    const key = await us.generate([A.ENCRYPT, true])
    const wrapped = await us.wrap(key, under)
    await us.set(under, [A.DECRYPT, true])
    return { key, value: await us.decrypt(wrapped, under) }
  },
  async 'a copy of the wrapping key with another use'(us, trust) {
    const under = await us.generate(...wrapping('copied'))
    await trust('copied')
    const key = await us.generate([A.ENCRYPT, true])
    const wrapped = await us.wrap(key, under)
    return { key, value: await us.decrypt(wrapped, await us.copy(under, [A.WRAP, false], [A.DECRYPT, true])) }
  },
  async 'a key that is unwrapped as one to be shown'(us, trust) {
    const under = await us.generate(...wrapping('returns'), [A.UNWRAP, true])
    await trust('returns')
    const key = await us.generate([A.ENCRYPT, true])
    const twin = await us.unwrap(await us.wrap(key, under), under, [A.SENSITIVE, false])
    return { key, value: await us.show(twin) }
  },
  async 'a wrapping key of known value'(us, trust) {
    const under = await us.bring(KNOWN, ...wrapping('known'))
    await trust('known')
    const key = await us.generate([A.ENCRYPT, true], [WRAP_WITH_TRUSTED, true])
    return { key, value: unwrapped(await us.wrap(key, under)) }
  },
  async 'two keys wrapped under one IV'(us, trust) {
    const under = await us.generate(...wrapping('same iv'))
    await trust('same iv')
    const key = await us.generate([A.ENCRYPT, true])
    const other = await us.wrap(await us.bring(KNOWN, [A.SENSITIVE, false]), under, GCM)
    const wrapped = await us.wrap(key, under, GCM)
    return {
      key,
      value: Buffer.from(KNOWN.map((byte, at) => byte ^ other.readUInt8(at) ^ wrapped.readUInt8(at))),
    }
  },
  async 'a wrapping key that nobody trusts'(us) {
    const under = await us.generate(...wrapping('own'), [A.UNWRAP, true])
    const key = await us.generate([A.ENCRYPT, true])
    const twin = await us.unwrap(await us.wrap(key, under), under, [A.SENSITIVE, false])
    return { key, value: await us.show(twin) }
  },
}

/** 8 bytes each. */
const halvesOf = (blocks: Buffer): Buffer[] =>
  Array.from({ length: blocks.length / 8 }, (_, at) => Buffer.from(blocks.subarray(8 * at, 8 * at + 8)))

/** RFC 3394. */
const unwrapped = (wrapped: Buffer): Buffer =>
  createDecipheriv('id-aes256-wrap', KNOWN, Buffer.alloc(8, 0xa6)).update(wrapped)

/**
 * @param way the client that the thief's program has
 * @param prevented attacks that the client does not let happen at all
 */
export function attackTests(way: Way, prevented: readonly string[] = []): void {
  for (const policy of [false, true])
    suite(`attacks ${policy ? 'under the policy trusted-wrapping' : 'that plain PKCS#11 allows'}`, () =>
      attacksOn(way, policy, prevented))
}

function attacksOn(way: Way, policy: boolean, prevented: readonly string[]): void {
  const shared = bench({}, { transport: way.transport })
  let us: Thief
  before(async () => {
    const { world } = shared
    if (policy) await world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
    const program = await way.program(shared)
    us = thief(program, await program.login())
  })
  const trust: Trust = async (label) => {
    const filter = [`attr.label=${label}`]
    const { matched_keys: keys } = await shared.world.as('alice', 'key.list', { filter })
    assert.equal(keys.length, 1)
    await shared.world.as('admin', 'key.set-attribute', {
      filter: reference(keys[0]?.['key-reference'] ?? ''),
      attributes: { trusted: true },
    })
  }

  for (const [name, attack] of Object.entries(ATTACKS)) {
    test(name, async () => {
      if (policy || prevented.includes(name)) return assert.rejects(attack(us, trust), isForbidden)
      const { key, value } = await attack(us, trust)
      assert.deepEqual(await us.encrypt(key, KNOWN.subarray(0, 16)), ecb(value, KNOWN.subarray(0, 16)))
    })
  }

  test('what is never allowed', async () => {
    const key = await us.generate([A.EXTRACTABLE, false], [A.ENCRYPT, true])
    const refused = refuses(CKR.ATTRIBUTE_READ_ONLY)
    await assert.rejects(us.set(key, [TRUSTED, true]), refused)
    await assert.rejects(us.set(key, [A.SENSITIVE, false]), refused)
    await assert.rejects(us.set(key, [A.EXTRACTABLE, true]), refused)
    await assert.rejects(us.show(key), refuses(CKR.ATTRIBUTE_SENSITIVE))
    await assert.rejects(us.copy(key, [A.EXTRACTABLE, true]), Refused)
    await assert.rejects(us.copy(key, [A.SENSITIVE, false]), Refused)
    await assert.rejects(us.bring(KNOWN, [TRUSTED, true]), Refused)
    await assert.rejects(us.generate([TRUSTED, true], [A.WRAP, true]), Refused)
    const under = await us.generate([A.UNWRAP, true])
    await assert.rejects(us.unwrap(Buffer.alloc(48, 1), under), refuses(CKR.WRAPPED_KEY_INVALID))
  })
}

function ecb(key: Buffer, block: Buffer): Buffer {
  const context = createCipheriv('aes-256-ecb', key, null)
  context.setAutoPadding(false)
  return context.update(block)
}

/** At the token, or already when the admin is asked for trust. */
const isForbidden = (error: unknown): boolean =>
  error instanceof Refused
    ? FORBIDDEN.includes(error.value)
    : fails('attribute-refused', /^Under the policy/)(error)
const KEY_NOT_WRAPPABLE = 0x69
const FORBIDDEN: readonly number[] = [CKR.ATTRIBUTE_READ_ONLY, CKR.MECHANISM_PARAM_INVALID, KEY_NOT_WRAPPABLE]
const refuses = (value: number) => (error: unknown) => error instanceof Refused && error.value === value
