/** The IV of AES-GCM is the program's, so one that is left to the HSM must not be used as it is. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bytes, mechanism, room, template, ulong } from '../../support/p11-client.ts'
import { A, aesKey, bench, C, CLASS, M, type Program } from './fixture.ts'

const PARAMETER = 0x71
const AAD = Buffer.from('aad')
const gcm = (iv: Buffer, tagBits = 128) => mechanism(M.AES_GCM, iv, 8 * iv.length, AAD, tagBits)
const ZEROS = [1, 12, 16, 128].map((length) => Buffer.alloc(length))
const OWN = [Buffer.alloc(12, 1), Buffer.from('000000000000000000000001', 'hex'), Buffer.of(0x80, 0)]

suite('the IV of AES-GCM', () => {
  const shared = bench()

  async function keyed() {
    const program = await shared.program({ offered: 1 })
    const session = await program.login()
    return { program, session: ulong(session), key: ulong(await aesKey(program, session)) }
  }

  async function wrappingKeys(program: Program, session: ReturnType<typeof ulong>) {
    const made = async (...uses: readonly (readonly [number, boolean])[]) => {
      const given = template([A.VALUE_LEN, 32], ...uses)
      const { numbers } = await program.call(C.GenerateKey, session, mechanism(M.AES_GEN), given)
      return ulong(numbers[0] ?? 0)
    }
    return { under: await made([A.WRAP, true], [A.UNWRAP, true]), payload: await made([A.ENCRYPT, true]) }
  }

  test('encrypting with zeros is refused, and the log says why', async () => {
    const { program, session, key } = await keyed()
    for (const iv of ZEROS) {
      assert.equal(await program.refusal(C.EncryptInit, session, gcm(iv), key), PARAMETER)
      assert.equal(await program.refusal(C.EncryptUpdate, session, bytes('data'), room(64)), 0x91)
    }
    const line = shared.log.find(({ fields }) => fields['call'] === 'C_EncryptInit')
    assert.match(String(line?.fields['reason']), /^The IV of AES-GCM is all zeros/)
    assert.deepEqual(
      [line?.fields['returns'], line?.fields['user']],
      ['CKR_MECHANISM_PARAM_INVALID', 'alice'],
    )
    for (const iv of OWN) {
      assert.equal(await program.refusal(C.EncryptInit, session, gcm(iv), key), 0)
      assert.equal(await program.refusal(C.Encrypt, session, bytes('data'), room(64)), 0)
    }
  })

  test('wrapping with zeros is refused, also when only the length is asked for', async () => {
    const { program, session } = await keyed()
    const { under, payload } = await wrappingKeys(program, session)
    for (const iv of ZEROS)
      for (const space of [0, 64])
        assert.equal(
          await program.refusal(C.WrapKey, session, gcm(iv), under, payload, room(space)),
          PARAMETER,
        )
    for (const iv of OWN)
      assert.equal(await program.refusal(C.WrapKey, session, gcm(iv), under, payload, room(64)), 0)
  })

  test('what was made with zeros elsewhere can still be opened', async () => {
    const { program, session, key } = await keyed()
    const { under } = await wrappingKeys(program, session)
    const zeros = gcm(Buffer.alloc(12))
    assert.equal(await program.refusal(C.DecryptInit, session, zeros, key), 0)
    const kind = template([A.CLASS, CLASS.SECRET], [A.KEY_TYPE, 0x1f])
    const WRAPPED_KEY_INVALID = 0x110
    assert.equal(
      await program.refusal(C.UnwrapKey, session, zeros, under, bytes(Buffer.alloc(48)), kind),
      WRAPPED_KEY_INVALID,
    )
  })

  test('no IV, and lengths of tags that there are not', async () => {
    const { program, session, key } = await keyed()
    const { under, payload } = await wrappingKeys(program, session)
    const own = Buffer.alloc(12, 1)
    for (const bad of [gcm(Buffer.alloc(0)), gcm(own, 0), gcm(own, 31), gcm(own, 136)]) {
      assert.equal(await program.refusal(C.EncryptInit, session, bad, key), PARAMETER)
      assert.equal(await program.refusal(C.DecryptInit, session, bad, key), PARAMETER)
      assert.equal(await program.refusal(C.WrapKey, session, bad, under, payload, room(64)), PARAMETER)
    }
    const asked = gcm(own, 31)
    assert.equal(await program.refusal(C.WrapKey, session, asked, under, payload, room(0)), PARAMETER)
  })

  test('zeros begin a counter and a chain as before', async () => {
    const { program, session, key } = await keyed()
    for (const how of [
      mechanism(M.AES_CTR, 128, Buffer.alloc(16)),
      mechanism(M.AES_CBC, Buffer.alloc(16)),
      mechanism(M.AES_CBC_PAD, Buffer.alloc(16)),
    ]) {
      await program.call(C.EncryptInit, session, how, key)
      assert.equal(await program.refusal(C.Encrypt, session, bytes(Buffer.alloc(16)), room(64)), 0)
    }
  })
})
