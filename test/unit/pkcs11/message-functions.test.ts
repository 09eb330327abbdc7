/** C_EncryptMessage, C_SignMessage and so on: one Init, then messages by themselves. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bytes, mechanism, OWN, type P11Client, room, template, ulong } from '../../support/p11-client.ts'
import { reference } from '../../support/world.ts'
import { A, bench, C, ecPair, M } from './fixture.ts'

const F = {
  encryptInit: 129,
  encrypt: 130,
  encryptFinal: 131,
  decryptInit: 132,
  decrypt: 133,
  decryptFinal: 134,
  signInit: 135,
  sign: 136,
  signFinal: 137,
  verifyInit: 138,
  verify: 139,
  verifyFinal: 140,
} as const
const CKR = {
  aead: 0x42,
  notPermitted: 0x68,
  keyHandle: 0x60,
  mechanism: 0x70,
  parameter: 0x71,
  active: 0x90,
  notInitialized: 0x91,
  signature: 0xc0,
  signatureLength: 0xc1,
  notLoggedIn: 0x101,
  malformed: 0x30,
} as const
const GCM = mechanism(M.AES_GCM)
const ROOM_FOR_IV = Buffer.alloc(12)
const AAD = Buffer.from('to carol')
const TEXT = Buffer.from('pay carol')

suite('messages one after another', () => {
  const shared = bench()

  async function keyed(attributes = [A.ENCRYPT, A.DECRYPT, A.SIGN, A.VERIFY], type: number = M.AES_GEN) {
    const program = await shared.program({ offered: OWN })
    const session = ulong(await program.login())
    const given = template([A.VALUE_LEN, 32], ...attributes.map((one) => [one, true] as const))
    const made = await program.call(C.GenerateKey, session, mechanism(type), given)
    return { program, session, key: ulong(made.numbers[0] ?? 0), shown: made.numbers[0] ?? 0 }
  }
  type Keyed = Awaited<ReturnType<typeof keyed>>

  const asked = { iv: ROOM_FOR_IV, fixedBits: 0, generator: 1, tagBits: 128, data: TEXT, size: 64 }
  const message = (given: Partial<typeof asked> = {}) => {
    const { iv, fixedBits, generator, tagBits, data, size } = { ...asked, ...given }
    return [
      bytes(iv),
      ulong(fixedBits),
      ulong(generator),
      ulong(tagBits),
      bytes(AAD),
      bytes(data),
      room(size),
    ]
  }
  const sealed = async ({ program, session }: Keyed, given: Partial<typeof asked> = {}) => {
    const { bytes: data = Buffer.alloc(0), outputs } = await program.call(
      F.encrypt,
      session,
      ...message(given),
    )
    const [iv = Buffer.alloc(0), tag = Buffer.alloc(0)] = outputs
    return { data, iv, tag }
  }
  const opening = (
    { data, iv, tag }: Awaited<ReturnType<typeof sealed>>,
    { aad = AAD, size = 64 }: { aad?: Buffer; size?: number } = {},
  ) => [bytes(iv), bytes(tag), bytes(aad), bytes(data), room(size)]

  test('each is encrypted with an IV of its own, and decrypted in any order', async () => {
    const of = await keyed()
    const { program, session, key } = of
    await program.call(F.encryptInit, session, GCM, key)
    await program.call(F.decryptInit, session, GCM, key)
    const all = [
      await sealed(of),
      await sealed(of, { generator: 3 }),
      await sealed(of, { tagBits: 96, data: Buffer.alloc(0) }),
    ]
    assert.equal(new Set(all.map(({ iv }) => iv.toString('hex'))).size, 3)
    assert.deepEqual(
      all.map(({ data, iv, tag }) => [data.length, iv.length, tag.length]),
      [
        [9, 12, 16],
        [9, 12, 16],
        [0, 12, 12],
      ],
    )
    for (const [index, one] of [...all.entries()].reverse()) {
      const opened = await program.call(F.decrypt, session, ...opening(one))
      assert.equal(opened.bytes?.toString(), index < 2 ? TEXT.toString() : '')
    }
    await program.call(F.encryptFinal, session)
    await program.call(F.decryptFinal, session)
    assert.equal(await program.refusal(F.encrypt, session, ...message()), CKR.notInitialized)
    assert.equal(await program.refusal(F.encryptFinal, session), CKR.notInitialized)
  })

  test('is what C_Decrypt opens', async () => {
    const of = await keyed()
    const { program, session, key } = of
    await program.call(F.encryptInit, session, GCM, key)
    const { data, iv, tag } = await sealed(of)
    await program.call(C.DecryptInit, session, mechanism(M.AES_GCM, iv, 0, AAD, 128), key)
    const opened = await program.call(C.Decrypt, session, bytes(Buffer.concat([data, tag])), room(64))
    assert.deepEqual(opened.bytes, TEXT)
  })

  test('a length that is asked for makes no IV', async () => {
    const { program, session, key } = await keyed()
    await program.call(F.encryptInit, session, GCM, key)
    for (const size of [0, 8]) {
      const query = await program.call(F.encrypt, session, ...message({ size }))
      assert.deepEqual([query.bytes, query.length, query.outputs], [undefined, 9, []])
    }
    await program.call(F.decryptInit, session, GCM, key)
    const longer = { data: TEXT, iv: ROOM_FOR_IV, tag: Buffer.alloc(16) }
    const query = await program.call(F.decrypt, session, ...opening(longer, { size: 0 }))
    assert.deepEqual([query.bytes, query.length], [undefined, 9])
  })

  test('no other IV is taken than one that the HSM makes at random, and the next message is none the worse', async () => {
    const of = await keyed()
    const { program, session, key } = of
    await program.call(F.encryptInit, session, GCM, key)
    for (const given of [
      { generator: 0 },
      { generator: 2 },
      { generator: 4 },
      { fixedBits: 32 },
      { iv: Buffer.alloc(16) },
      { iv: Buffer.alloc(0) },
      { tagBits: 127 },
    ])
      assert.equal(await program.refusal(F.encrypt, session, ...message(given)), CKR.parameter)
    assert.equal((await sealed(of)).data.length, 9)
  })

  test('what was changed is not decrypted, and the next message is', async () => {
    const of = await keyed()
    const { program, session, key } = of
    await program.call(F.encryptInit, session, GCM, key)
    await program.call(F.decryptInit, session, GCM, key)
    const right = await sealed(of)
    const wrong = Buffer.from(right.tag)
    wrong.writeUInt8(wrong.readUInt8() ^ 1)
    const refused = (...given: Parameters<typeof opening>) =>
      program.refusal(F.decrypt, session, ...opening(...given))
    assert.equal(await refused({ ...right, tag: wrong }), CKR.aead)
    assert.equal(await refused(right, { aad: Buffer.from('to chuck') }), CKR.aead)
    assert.equal(await refused({ ...right, tag: Buffer.alloc(3) }), CKR.parameter)
    assert.equal(await refused(right), 0)
  })

  test('signatures and MACs of many messages', async () => {
    const of = await keyed([A.SIGN, A.VERIFY], M.GENERIC_GEN)
    const { program, session, key } = of
    await program.call(F.signInit, session, mechanism(M.SHA256_HMAC), key)
    await program.call(F.verifyInit, session, mechanism(M.SHA256_HMAC), key)
    const sign = async (text: string) =>
      (await program.call(F.sign, session, bytes(text), room(32))).bytes ?? Buffer.alloc(0)
    const macs = [await sign('one'), await sign('two'), await sign('one')]
    assert.deepEqual(macs[0], macs[2])
    assert.notDeepEqual(macs[0], macs[1])
    const refusal = (text: string, mac: Buffer) => program.refusal(F.verify, session, bytes(text), bytes(mac))
    assert.equal(await refusal('one', macs[0] as Buffer), 0)
    assert.equal(await refusal('two', macs[0] as Buffer), CKR.signature)
    assert.equal(await refusal('one', (macs[0] as Buffer).subarray(1)), CKR.signatureLength)
    assert.equal(await refusal('two', macs[1] as Buffer), 0)
    assert.equal((await program.call(F.sign, session, bytes('one'), room(0))).length, 32)
    await program.call(F.signFinal, session)
    await program.call(F.verifyFinal, session)
    assert.equal(await program.refusal(F.sign, session, bytes('one'), room(32)), CKR.notInitialized)
  })

  test('ECDSA of many messages', async () => {
    const program = await shared.program({ offered: OWN })
    const handle = await program.login()
    const session = ulong(handle)
    const [publicKey, privateKey] = await ecPair(program, handle)
    await program.call(F.signInit, session, mechanism(M.ECDSA_SHA256), ulong(privateKey))
    await program.call(F.verifyInit, session, mechanism(M.ECDSA_SHA256), ulong(publicKey))
    for (const text of ['one', 'two']) {
      const { bytes: signature } = await program.call(F.sign, session, bytes(text), room(64))
      assert.equal(await program.refusal(F.verify, session, bytes(text), bytes(signature)), 0)
    }
  })

  test('Init says what is wrong with key and mechanism, and is not asked twice', async () => {
    const of = await keyed([A.SIGN])
    const { program, session, key } = of
    assert.equal(await program.refusal(F.encryptInit, session, GCM, key), CKR.notPermitted)
    assert.equal(await program.refusal(F.decryptInit, session, GCM, key), CKR.notPermitted)
    assert.equal(await program.refusal(F.encryptInit, session, mechanism(M.AES_ECB), key), CKR.mechanism)
    assert.equal(await program.refusal(F.signInit, session, GCM, key), CKR.mechanism)
    assert.equal(await program.refusal(F.signInit, session, mechanism(M.AES_CMAC), ulong(1)), CKR.keyHandle)
    assert.equal(await program.refusal(F.signInit, session, mechanism(M.AES_CMAC), key), 0)
    assert.equal(await program.refusal(F.signInit, session, mechanism(M.AES_CMAC), key), CKR.active)
  })

  for (const [how, giveUp] of [
    [
      'NULL for a mechanism',
      (p: P11Client, session: Session) => p.call(F.signInit, session, mechanism(null), ulong(0)),
    ],
    ['C_SessionCancel', (p: P11Client, session: Session) => p.call(C.SessionCancel, session, ulong(0x8))],
  ] as const) {
    test(`${how} gives it up`, async () => {
      const { program, session, key } = await keyed()
      await program.call(F.signInit, session, mechanism(M.AES_CMAC), key)
      await giveUp(program, session)
      assert.equal(await program.refusal(F.sign, session, bytes('one'), room(16)), CKR.notInitialized)
      assert.equal(await program.refusal(F.signInit, session, mechanism(M.AES_CMAC), key), 0)
    })
  }

  test('a key that is taken back between two messages is not used for the second', async () => {
    const { program, session, key, shown } = await keyed()
    await program.call(F.encryptInit, session, GCM, key)
    assert.equal(await program.refusal(F.encrypt, session, ...message()), 0)
    const filter = reference(`0x${shown.toString(16).padStart(16, '0')}`)
    await assert.rejects(shared.world.as('bob', 'key.delete', { filter }))
    await program.call(C.SetAttributeValue, session, key, template([A.ENCRYPT, false]))
    assert.equal(await program.refusal(F.encrypt, session, ...message()), CKR.notPermitted)
  })

  test('the mechanisms say so to our own module', async () => {
    const own = await shared.program({ offered: OWN })
    const p11Kit = await shared.program({ offered: 1 })
    for (const [type, added] of [
      [M.AES_GCM, 0x6],
      [M.SHA256_HMAC, 0x18],
      [M.AES_ECB, 0],
      [M.AES_GEN, 0],
      [M.CLOUDHSM_AES_GCM, 0],
    ] as const) {
      const flags = async (program: P11Client) =>
        (await program.call(C.GetMechanismInfo, ulong(0), ulong(type))).numbers[2] ?? 0
      assert.equal((await flags(own)) - (await flags(p11Kit)), added)
    }
  })
})

type Session = ReturnType<typeof ulong>
