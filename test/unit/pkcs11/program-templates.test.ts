/** Templates as programs write them, with what they get wrong. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { certificateDer } from '../../support/certificate.ts'
import { type Attribute, bytes, mechanism, room, template, ulong, wanted } from '../../support/p11-client.ts'
import { A, aesKey, bench, C, CLASS, ecPair, M, P256, type Program, READ_ONLY } from './fixture.ts'

const CKR = {
  ATTRIBUTE_READ_ONLY: 0x10,
  VALUE: 0x13,
  TYPE: 0x12,
  OBJECT: 0x82,
  INCONSISTENT: 0xd1,
  SESSION_READ_ONLY: 0xb5,
}

suite('templates', () => {
  const shared = bench()
  let program: Program
  let session: number
  before(async () => {
    program = await shared.program({ offered: 1 })
    session = await program.login()
  })

  const read = async (handle: number, ...types: readonly number[]) => {
    const asked = wanted(...types.map((type) => [type, 4096] as const))
    const { attributes } = await program.call(C.GetAttributeValue, ulong(session), ulong(handle), asked)
    return attributes.map(({ value }) => (Buffer.isBuffer(value) ? value.toString() : value))
  }
  const aes = async (...given: readonly Attribute[]) => {
    const words = [mechanism(M.AES_GEN), template([A.VALUE_LEN, 32], ...given)] as const
    const { numbers } = await program.call(C.GenerateKey, ulong(session), ...words)
    return numbers[0] ?? 0
  }

  test('CKA_DESTROYABLE is read, asked for and searched for like any other flag', async () => {
    for (const value of [true, false]) {
      const key = await aes([A.LABEL, `destroyable ${value}`], [A.DESTROYABLE, value])
      assert.deepEqual(await read(key, A.CLASS, A.DESTROYABLE, A.KEY_TYPE), [CLASS.SECRET, value, 0x1f])
      for (const sought of [true, false]) {
        const found = await program.find(
          session,
          template([A.LABEL, `destroyable ${value}`], [A.DESTROYABLE, sought]),
        )
        assert.deepEqual(found, sought === value ? [key] : [])
      }
      const destroyed = await program.refusal(C.DestroyObject, ulong(session), ulong(key))
      assert.equal(destroyed === 0, value)
    }
    const long = template([A.VALUE_LEN, 32], [A.DESTROYABLE, Buffer.of(1, 0)])
    assert.equal(await program.refusal(C.GenerateKey, ulong(session), mechanism(M.AES_GEN), long), CKR.VALUE)
  })

  test('recovery from signatures is no use of any key', async () => {
    const generate = (...given: readonly Attribute[]) => [
      mechanism(M.EC_GEN),
      template([A.EC_PARAMS, P256], ...given),
      template(...given),
    ]
    const key = ulong(await aesKey(program, session))
    for (const type of [A.SIGN_RECOVER, A.VERIFY_RECOVER])
      for (const [value, expected] of [
        [true, CKR.INCONSISTENT],
        [false, 0],
      ] as const) {
        const refusal = (id: number, ...given: Parameters<Program['refusal']>[1][]) =>
          program.refusal(id, ulong(session), ...given)
        assert.equal(await refusal(C.GenerateKeyPair, ...generate([type, value])), expected)
        assert.equal(await refusal(C.CopyObject, key, template([type, value])), expected)
        const secret = template(
          [A.CLASS, CLASS.SECRET],
          [A.KEY_TYPE, 0x10],
          [A.VALUE, Buffer.alloc(16, 1)],
          [type, value],
        )
        assert.equal(await refusal(C.CreateObject, secret), expected)
      }
  })

  test('uses that no template names are as with CloudHSM, whatever else the template names', async () => {
    const ALL = [A.ENCRYPT, A.DECRYPT, A.SIGN, A.VERIFY, A.WRAP, A.UNWRAP, A.DERIVE]
    const uses = async (handle: number | undefined) => {
      const asked = [ulong(session), ulong(handle ?? 0), wanted(...ALL.map((type) => [type, 1] as const))]
      const { attributes } = await program.call(C.GetAttributeValue, ...asked)
      return ALL.filter((_, index) => attributes[index]?.value === true)
    }
    const made = async (id: number, ...given: Parameters<typeof program.call>[1][]) =>
      (await program.call(id, ulong(session), ...given)).numbers
    const NAMED = { none: [], some: [[A.ENCRYPT, true]], less: [[A.SIGN, false]] } as const
    const expected = { none: [A.SIGN, A.VERIFY], some: [A.ENCRYPT, A.SIGN, A.VERIFY], less: [A.VERIFY] }
    for (const name of ['none', 'some', 'less'] as const) {
      const secret = template([A.VALUE_LEN, 32], ...NAMED[name])
      const [key] = await made(C.GenerateKey, mechanism(M.AES_GEN), secret)
      assert.deepEqual(await uses(key), expected[name])
    }
    const half = template([A.EC_PARAMS, P256])
    const [pub, priv] = await made(C.GenerateKeyPair, mechanism(M.EC_GEN), half, template())
    assert.deepEqual([await uses(pub), await uses(priv)], [[], []])
    const value = Buffer.alloc(32, 7)
    const given = [[A.CLASS, CLASS.SECRET] as const, [A.KEY_TYPE, 0x1f] as const]
    const [brought] = await made(C.CreateObject, template(...given, [A.VALUE, value]))
    assert.deepEqual(await uses(brought), [])
    const wrapping = template(...given, [A.VALUE, value], [A.WRAP, true], [A.UNWRAP, true])
    const [under = 0] = await made(C.CreateObject, wrapping)
    assert.deepEqual(await uses(under), [A.WRAP, A.UNWRAP])
    const how = mechanism(M.AES_GCM, Buffer.alloc(12, 1), 0, Buffer.alloc(0), 128)
    const words = [ulong(session), how, ulong(under), ulong(brought ?? 0), room(64)] as const
    const { bytes: wrapped } = await program.call(C.WrapKey, ...words)
    const [unwrapped] = await made(C.UnwrapKey, how, ulong(under), bytes(wrapped), template(...given))
    assert.deepEqual(await uses(unwrapped), [])
    for (const named of [A.ENCRYPT, A.SIGN]) {
      const all = template([A.UNWRAP_TEMPLATE, [[named, true]]])
      await program.call(C.SetAttributeValue, ulong(session), ulong(under), all)
      const [inner] = await made(C.UnwrapKey, how, ulong(under), bytes(wrapped), template(...given))
      assert.deepEqual(await uses(inner), [named])
    }
    const [peer, base = 0] = await ecPair(program, session)
    const [point] = (
      await program.call(C.GetAttributeValue, ulong(session), ulong(peer), wanted([A.EC_POINT, 100]))
    ).attributes
    const ecdh = mechanism(M.ECDH, 1, undefined, point?.value as Buffer)
    const [derived] = await made(C.DeriveKey, ecdh, ulong(base), template(...given, [A.VALUE_LEN, 32]))
    assert.deepEqual(await uses(derived), [])
  })

  test('zeros at the end of a label are no part of it', async () => {
    const key = await aes([A.LABEL, 'ends\0'])
    assert.deepEqual(await read(key, A.LABEL), ['ends'])
    for (const sought of ['ends', 'ends\0', 'ends\0\0\0'])
      assert.deepEqual(await program.find(session, template([A.LABEL, sought])), [key])
    const other = template([A.LABEL, 'other\0\0'])
    await program.call(C.SetAttributeValue, ulong(session), ulong(key), other)
    assert.deepEqual(await read(key, A.LABEL), ['other'])
    const inside = template([A.VALUE_LEN, 32], [A.LABEL, 'in\0side'])
    assert.equal(
      await program.refusal(C.GenerateKey, ulong(session), mechanism(M.AES_GEN), inside),
      CKR.VALUE,
    )
    const id = await aes([A.ID, Buffer.of(1, 0)])
    assert.deepEqual(await read(id, A.ID), ['\x01\0'])
  })

  test('a certificate of the session is copied to the token, and the other way', async () => {
    const der = await certificateDer('CN=kept')
    const certificate = [
      [A.CLASS, CLASS.CERTIFICATE],
      [A.CERTIFICATE_TYPE, 0],
      [A.VALUE, der],
      [A.LABEL, 'kept'],
      [A.ID, Buffer.of(65)],
    ] as const
    const { numbers } = await program.call(C.CreateObject, ulong(session), template(...certificate))
    const original = numbers[0] ?? 0
    const copy = async (...given: readonly Attribute[]) =>
      (await program.call(C.CopyObject, ulong(session), ulong(original), template(...given))).numbers[0] ?? 0
    const kept = await copy([A.TOKEN, true], [A.LABEL, 'copied'], [A.PRIVATE, false], [A.VALUE, der])
    assert.deepEqual(await read(kept, A.TOKEN, A.LABEL, A.ID), [true, 'copied', 'A'])
    assert.deepEqual(await read(await copy(), A.TOKEN, A.LABEL, A.ID), [false, 'kept', 'A'])

    const refusal = (of: number, handle: number, ...given: readonly Attribute[]) =>
      program.refusal(C.CopyObject, ulong(of), ulong(handle), template(...given))
    assert.equal(await refusal(session, original, [A.VALUE, Buffer.of(1)]), CKR.ATTRIBUTE_READ_ONLY)
    assert.equal(await refusal(session, original, [A.PRIVATE, true]), CKR.ATTRIBUTE_READ_ONLY)
    assert.equal(await refusal(session, original, [A.SENSITIVE, false]), CKR.TYPE)
    const reading = await program.open(READ_ONLY)
    assert.equal(await refusal(reading, original, [A.TOKEN, true]), CKR.SESSION_READ_ONLY)
    assert.equal(await refusal(reading, kept), CKR.SESSION_READ_ONLY)
    assert.equal(await refusal(reading, kept, [A.TOKEN, false]), 0)

    const other = await shared.program()
    const elsewhere = await other.login('bob')
    assert.deepEqual(await other.find(elsewhere, template([A.LABEL, 'copied'])), [kept])
    assert.equal(await program.refusal(C.DestroyObject, ulong(session), ulong(kept)), 0)
    assert.equal(await program.refusal(C.DestroyObject, ulong(session), ulong(kept)), CKR.OBJECT)
  })

  test('certificates of up to 32 KiB are kept', async () => {
    const most = 32 * 1024
    // The rest of it is less than 500 bytes.
    const fitting = await certificateDer('CN=large', most - 500)
    assert.ok(fitting.length > most - 500 && fitting.length <= most)
    const keep = (value: Buffer) => {
      const kept = template([A.CLASS, CLASS.CERTIFICATE], [A.CERTIFICATE_TYPE, 0], [A.VALUE, value])
      return program.call(C.CreateObject, ulong(session), kept)
    }
    const { numbers } = await keep(fitting)
    const asked = wanted([A.VALUE, most])
    const { attributes } = await program.call(
      C.GetAttributeValue,
      ulong(session),
      ulong(numbers[0] ?? 0),
      asked,
    )
    assert.deepEqual(attributes[0]?.value, fitting)
    await assert.rejects(keep(await certificateDer('CN=large', most)), { value: CKR.VALUE })
  })
})
