/** What is different for our own module: mechanisms that can be passed over, and what they give back. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { beginMessage } from '../../../src/pkcs11/operations/message.ts'
import { type Argument, bytes, mechanism, OWN, room, template, ulong } from '../../support/p11-client.ts'
import { A, aesKey, bench, C, CLASS, M } from './fixture.ts'

const MECHANISM_INVALID = 0x70
const PARAMETER = 0x71
const DEVICE_ERROR = 0x30
const NO_SESSION = 0xb3
const ENCRYPTED_INVALID = 0x40
const ENCRYPTED_LENGTH = 0x41
const WRAPPED_INVALID = 0x110
const gcm = (iv: Buffer) => mechanism(M.AES_GCM, iv, 0, Buffer.from('aad'), 128)
const ZEROS = Buffer.alloc(12)
const NOTHING = Buffer.alloc(0)

/** Bytes in place of a mechanism. */
const raw = (hex: string): Argument => ({ letters: 'M', bytes: () => Buffer.from(hex, 'hex') })

suite('the dialect of our own module', () => {
  const shared = bench()

  async function keyed(offered: number = OWN) {
    const program = await shared.program({ offered })
    const handle = await program.login()
    return { program, session: ulong(handle), key: ulong(await aesKey(program, handle)) }
  }

  for (const offered of [OWN, OWN + 1, 0xff])
    test(`version ${offered} is answered with the newest that there is`, async () => {
      const { program, session, key } = await keyed(offered)
      assert.equal(program.answered, OWN)
      await program.call(C.EncryptInit, session, mechanism(M.AES_CBC, Buffer.alloc(16)), key)
      const { bytes: sealed } = await program.call(C.Encrypt, session, bytes('sixteen bytes...'), room(16))
      await program.call(C.DecryptInit, session, mechanism(M.AES_CBC, Buffer.alloc(16)), key)
      const opened = await program.call(C.Decrypt, session, bytes(sealed), room(16))
      assert.equal(opened.bytes?.toString(), 'sixteen bytes...')
    })

  test('the HSM makes the IV of AES-GCM, another for each message, and gives it back', async () => {
    const { program, session, key } = await keyed()
    const ivs = new Set<string>()
    for (const round of ['one', 'two']) {
      const [iv = ZEROS] = (await program.call(C.EncryptInit, session, gcm(ZEROS), key)).outputs
      assert.equal(iv.length, 12)
      assert.notDeepEqual(iv, ZEROS)
      ivs.add(iv.toString('hex'))
      const { bytes: sealed } = await program.call(C.Encrypt, session, bytes(round), room(64))
      await program.call(C.DecryptInit, session, gcm(iv), key)
      const opened = await program.call(C.Decrypt, session, bytes(sealed), room(64))
      assert.equal(opened.bytes?.toString(), round)
    }
    assert.equal(ivs.size, 2)
  })

  test('a message that the HSM has lost is begun anew with the IV that its program knows', async () => {
    const begun: (Buffer | undefined)[] = []
    const made = Buffer.alloc(12, 7)
    const message = await beginMessage((iv) => {
      begun.push(iv)
      return {
        resultBytes: undefined,
        iv: iv ? undefined : made,
        update: () => NOTHING,
        finish() {
          if (begun.length === 1) throw new HsmError('stream-not-found')
          return { data: NOTHING, verified: false }
        },
        cancel: () => undefined,
      }
    })
    await message.whole(Buffer.from('data'))
    assert.deepEqual(begun, [undefined, made])
    assert.deepEqual(message.iv, made)
  })

  test('no other IV is taken to encrypt or wrap with', async () => {
    const { program, session, key } = await keyed()
    for (const iv of [Buffer.alloc(12, 1), Buffer.alloc(16), Buffer.alloc(0)]) {
      assert.equal(await program.refusal(C.EncryptInit, session, gcm(iv), key), PARAMETER)
      assert.equal(await program.refusal(C.WrapKey, session, gcm(iv), key, key, room(64)), PARAMETER)
    }
    const line = shared.log.find(({ fields }) => fields['call'] === 'C_EncryptInit')
    assert.match(String(line?.fields['reason']), /^Iv invalid\. Reason: Expect IV to be all 0/)
  })

  test('a key that is wrapped comes with the IV, its length without', async () => {
    const { program, session } = await keyed()
    const made = await program.call(
      C.GenerateKey,
      session,
      mechanism(M.AES_GEN),
      template([A.VALUE_LEN, 32], [A.WRAP, true], [A.UNWRAP, true], [A.EXTRACTABLE, true]),
    )
    const key = ulong(made.numbers[0] ?? 0)
    const asked = await program.call(C.WrapKey, session, gcm(ZEROS), key, key, room(0))
    assert.deepEqual([asked.length, asked.outputs], [48, []])
    const wrapped = await program.call(C.WrapKey, session, gcm(ZEROS), key, key, room(48))
    assert.equal(wrapped.bytes?.length, 48)
    assert.equal(wrapped.outputs.length, 1)
    assert.notDeepEqual(wrapped.outputs[0], ZEROS)
  })

  suite('CKM_CLOUDHSM_AES_GCM', () => {
    const inFront = (aad = 'aad', iv?: Buffer, tagBits = 128) =>
      mechanism(M.CLOUDHSM_AES_GCM, iv, 0, Buffer.from(aad), tagBits)

    test('the IV is in front, another for each message', async () => {
      const { program, session, key } = await keyed()
      const ivs = new Set<string>()
      for (const text of ['one', 'two', '']) {
        assert.deepEqual((await program.call(C.EncryptInit, session, inFront(), key)).outputs, [])
        assert.equal((await program.call(C.Encrypt, session, bytes(text), room(0))).length, 28 + text.length)
        const small = await program.call(C.Encrypt, session, bytes(text), room(27 + text.length))
        assert.equal(small.length, 28 + text.length)
        const { bytes: sealed = NOTHING } = await program.call(C.Encrypt, session, bytes(text), room(64))
        assert.equal(sealed.length, 28 + text.length)
        ivs.add(sealed.toString('hex', 0, 12))
        await program.call(C.DecryptInit, session, inFront(), key)
        const opened = await program.call(C.Decrypt, session, bytes(sealed), room(64))
        assert.equal(opened.bytes?.toString(), text)
        await program.call(C.DecryptInit, session, gcm(sealed.subarray(0, 12)), key)
        const beside = await program.call(C.Decrypt, session, bytes(sealed.subarray(12)), room(64))
        assert.equal(beside.bytes?.toString(), text)
      }
      assert.equal(ivs.size, 3)
    })

    test('in parts, each as long as was said before', async () => {
      const { program, session, key } = await keyed()
      const sealed: Buffer[] = []
      await program.call(C.EncryptInit, session, inFront(), key)
      for (const [part, length] of [
        ['three', 12 + 5],
        [' parts', 6],
      ] as const) {
        assert.equal((await program.call(C.EncryptUpdate, session, bytes(part), room(0))).length, length)
        const { bytes: some = NOTHING } = await program.call(
          C.EncryptUpdate,
          session,
          bytes(part),
          room(length),
        )
        sealed.push(some)
      }
      sealed.push((await program.call(C.EncryptFinal, session, room(16))).bytes ?? NOTHING)
      await program.call(C.DecryptInit, session, inFront(), key)
      for (const part of sealed) await program.call(C.DecryptUpdate, session, bytes(part), room(64))
      const opened = await program.call(C.DecryptFinal, session, room(64))
      assert.equal(opened.bytes?.toString(), 'three parts')
      await program.call(C.EncryptInit, session, inFront(), key)
      assert.equal((await program.call(C.EncryptFinal, session, room(64))).bytes?.length, 28)
    })

    test('a pIv, a length of tag that there is not, other AAD, too few bytes', async () => {
      const { program, session, key } = await keyed()
      for (const bad of [inFront('', ZEROS), inFront('', undefined, 31), mechanism(M.CLOUDHSM_AES_GCM)])
        for (const call of [C.EncryptInit, C.DecryptInit])
          assert.equal(await program.refusal(call, session, bad, key), PARAMETER)
      await program.call(C.EncryptInit, session, inFront('', NOTHING), key)
      const { bytes: sealed = NOTHING } = await program.call(C.Encrypt, session, bytes('text'), room(64))
      await program.call(C.DecryptInit, session, inFront('other'), key)
      assert.equal(await program.refusal(C.Decrypt, session, bytes(sealed), room(64)), ENCRYPTED_INVALID)
      await program.call(C.DecryptInit, session, inFront(''), key)
      const short = bytes(sealed.subarray(0, 27))
      assert.equal(await program.refusal(C.Decrypt, session, short, room(64)), ENCRYPTED_LENGTH)
    })

    test('wraps and unwraps keys', async () => {
      const { program, session } = await keyed()
      const made = await program.call(
        C.GenerateKey,
        session,
        mechanism(M.AES_GEN),
        template([A.VALUE_LEN, 32], [A.WRAP, true], [A.UNWRAP, true], [A.EXTRACTABLE, true]),
      )
      const key = ulong(made.numbers[0] ?? 0)
      assert.equal((await program.call(C.WrapKey, session, inFront(), key, key, room(0))).length, 60)
      const wrapped = await program.call(C.WrapKey, session, inFront(), key, key, room(60))
      assert.deepEqual([wrapped.bytes?.length, wrapped.outputs], [60, []])
      const kind = template([A.CLASS, CLASS.SECRET], [A.KEY_TYPE, 0x1f])
      await program.call(C.UnwrapKey, session, inFront(), key, bytes(wrapped.bytes), kind)
      const other = inFront('other')
      assert.equal(
        await program.refusal(C.UnwrapKey, session, other, key, bytes(wrapped.bytes), kind),
        WRAPPED_INVALID,
      )
      assert.equal(
        await program.refusal(C.WrapKey, session, inFront('', ZEROS), key, key, room(60)),
        PARAMETER,
      )
    })
  })

  test('a mechanism that is not known, or whose parameter could not be carried, is refused by itself', async () => {
    const { program, session, key } = await keyed()
    const unknown = raw('80001234 01 00000002 abcd'.replaceAll(' ', ''))
    const notCarried = raw('0000108202')
    assert.equal(await program.refusal(C.EncryptInit, session, unknown, key), MECHANISM_INVALID)
    assert.equal(await program.refusal(C.EncryptInit, ulong(999), unknown, key), NO_SESSION)
    assert.equal(await program.refusal(C.EncryptInit, session, notCarried, key), PARAMETER)
    assert.equal(await program.refusal(C.EncryptInit, session, raw('8000123402'), key), MECHANISM_INVALID)
    assert.equal(await program.refusal(C.EncryptInit, session, mechanism(M.AES_ECB), key), 0)
  })

  test('a parameter that is longer or shorter than its structure is malformed', async () => {
    const { program, session, key } = await keyed()
    for (const parameter of [
      '00000000',
      '00000003000000',
      `00000015${'00000010'}${'00'.repeat(17)}`,
      'ffffffff',
    ])
      assert.equal(
        await program.refusal(C.EncryptInit, session, raw(`0000108201${parameter}`), key),
        DEVICE_ERROR,
      )
  })
})
