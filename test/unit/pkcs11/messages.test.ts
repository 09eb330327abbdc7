/** Signatures, ciphers and digests through PKCS#11, whole and in parts. */
import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { bytes, mechanism, room, template, ulong } from '../../support/p11-client.ts'
import { A, aesKey, bench, C, CLASS, ecPair, M, type Program } from './fixture.ts'

const CKR = {
  MECHANISM: 0x70,
  PARAMETER: 0x71,
  KEY_HANDLE: 0x60,
  KEY_TYPE: 0x63,
  ACTIVE: 0x90,
  NOT_ACTIVE: 0x91,
  SIGNATURE: 0xc0,
  SIGNATURE_LENGTH: 0xc1,
  DATA_LENGTH: 0x21,
  SEALED: 0x40,
  SEALED_LENGTH: 0x41,
  SESSION: 0xb3,
} as const
const ZEROS = Buffer.alloc(16)

suite('PKCS#11 signatures', () => {
  const shared = bench()

  test('a signature by a new pair verifies, whole and in parts', async () => {
    const program = await shared.program()
    const session = await program.login()
    const [publicKey, privateKey] = await ecPair(program, session)
    const s = ulong(session)
    await program.call(C.SignInit, s, mechanism(M.ECDSA_SHA256), ulong(privateKey))
    await program.call(C.SignUpdate, s, bytes('a message '))
    await program.call(C.SignUpdate, s, bytes('in parts'))
    const { bytes: signature } = await program.call(C.SignFinal, s, room(64))
    assert.equal(signature?.length, 64)
    await program.call(C.VerifyInit, s, mechanism(M.ECDSA_SHA256), ulong(publicKey))
    await program.call(C.Verify, s, bytes('a message in parts'), bytes(signature))
    await program.call(C.VerifyInit, s, mechanism(M.ECDSA_SHA256), ulong(publicKey))
    await program.call(C.VerifyUpdate, s, bytes('a message'))
    assert.equal(await program.refusal(C.VerifyFinal, s, bytes(signature)), CKR.SIGNATURE)
    await program.call(C.VerifyInit, s, mechanism(M.ECDSA_SHA256), ulong(publicKey))
    assert.equal(
      await program.refusal(C.Verify, s, bytes('x'), bytes(signature?.subarray(1))),
      CKR.SIGNATURE_LENGTH,
    )
    assert.equal(await program.refusal(C.Verify, s, bytes('x'), bytes(signature)), CKR.NOT_ACTIVE)
  })

  test('a length query and a buffer that is too small leave the operation as it is', async () => {
    const program = await shared.program()
    const session = await program.login()
    const [, privateKey] = await ecPair(program, session)
    const s = ulong(session)
    await program.call(C.SignInit, s, mechanism(M.ECDSA), ulong(privateKey))
    for (const space of [0, 63, 0xffff_ffff]) {
      const asked = await program.call(C.Sign, s, bytes(Buffer.alloc(32)), room(space))
      assert.deepEqual([asked.bytes, asked.length], [undefined, 64])
    }
    assert.equal((await program.call(C.Sign, s, bytes(Buffer.alloc(32)), room(64))).bytes?.length, 64)
    assert.equal(await program.refusal(C.Sign, s, bytes(Buffer.alloc(32)), room(64)), CKR.NOT_ACTIVE)
  })

  test('one operation of a kind at a time; NULL for a mechanism gives it up', async () => {
    const program = await shared.program()
    const session = await program.login()
    const [publicKey, privateKey] = await ecPair(program, session)
    const s = ulong(session)
    const begin = () => program.refusal(C.SignInit, s, mechanism(M.ECDSA), ulong(privateKey))
    assert.equal(await begin(), 0)
    assert.equal(await begin(), CKR.ACTIVE)
    await program.call(C.VerifyInit, s, mechanism(M.ECDSA), ulong(publicKey))
    await program.call(C.SignInit, s, mechanism(null), ulong(0))
    assert.equal(await program.refusal(C.SignUpdate, s, bytes('x')), CKR.NOT_ACTIVE)
    assert.equal(await begin(), 0)
    await program.call(C.SessionCancel, s, ulong(0x800))
    assert.equal(await begin(), 0)
    assert.equal(await program.refusal(C.SignFinal, ulong(session + 100), room(64)), CKR.SESSION)
  })

  test('what the key or the mechanism does not allow is refused when it begins', async () => {
    const program = await shared.program()
    const session = await program.login()
    const [publicKey, privateKey] = await ecPair(program, session)
    const key = await aesKey(program, session)
    const init = (type: number, handle: number, ...parameter: number[]) =>
      program.refusal(C.SignInit, ulong(session), mechanism(type, ...parameter), ulong(handle))
    assert.equal(await init(0x9999, privateKey), CKR.MECHANISM)
    assert.equal(await init(M.AES_ECB, key), CKR.MECHANISM)
    assert.equal(await init(M.ECDSA, 12345), CKR.KEY_HANDLE)
    assert.equal(await init(M.ECDSA, publicKey), CKR.KEY_TYPE)
    assert.equal(await init(M.SHA256_RSA, privateKey), CKR.KEY_TYPE)
    assert.equal(await init(M.ECDSA, key), CKR.KEY_TYPE)
    assert.equal(await init(M.RSA_PSS, privateKey, 1, 1, 1), CKR.PARAMETER)
  })

  test('an HMAC is the HMAC of the key that was given', async () => {
    const program = await shared.program()
    const session = await program.login()
    const s = ulong(session)
    const value = randomBytes(32)
    const made = await program.call(
      C.CreateObject,
      s,
      template(
        [A.CLASS, CLASS.SECRET],
        [A.KEY_TYPE, 0x10],
        [A.VALUE, value],
        [A.SIGN, true],
        [A.VERIFY, true],
      ),
    )
    await program.call(C.SignInit, s, mechanism(M.SHA256_HMAC), ulong(made.numbers[0] ?? 0))
    const { bytes: mac } = await program.call(C.Sign, s, bytes('message'), room(32))
    assert.deepEqual(mac, createHmac('sha256', value).update('message').digest())
  })

  test('megabytes are signed as they are', async () => {
    const program = await shared.program()
    const session = await program.login()
    const s = ulong(session)
    const value = randomBytes(32)
    const message = randomBytes(3_000_000)
    const secret = template([A.CLASS, CLASS.SECRET], [A.KEY_TYPE, 0x10], [A.VALUE, value], [A.SIGN, true])
    const made = await program.call(C.CreateObject, s, secret)
    await program.call(C.SignInit, s, mechanism(M.SHA256_HMAC), ulong(made.numbers[0] ?? 0))
    const { bytes: mac } = await program.call(C.Sign, s, bytes(message), room(32))
    assert.deepEqual(mac, createHmac('sha256', value).update(message).digest())
  })
})

suite('PKCS#11 digests', () => {
  const shared = bench()

  test('whole, in parts, and of nothing; no login is needed', async () => {
    const program = await shared.program()
    const s = ulong(await program.open())
    const sha256 = (text: string) => createHash('sha256').update(text).digest()
    await program.call(C.DigestInit, s, mechanism(M.SHA256))
    assert.equal((await program.call(C.Digest, s, bytes('abc'), room(0))).length, 32)
    assert.deepEqual((await program.call(C.Digest, s, bytes('abc'), room(32))).bytes, sha256('abc'))
    await program.call(C.DigestInit, s, mechanism(M.SHA256))
    await program.call(C.DigestUpdate, s, bytes('a'))
    await program.call(C.DigestUpdate, s, bytes(''))
    await program.call(C.DigestUpdate, s, bytes('bc'))
    assert.equal(await program.refusal(C.Digest, s, bytes('d'), room(32)), CKR.NOT_ACTIVE)
    await program.call(C.DigestInit, s, mechanism(M.SHA256))
    assert.deepEqual((await program.call(C.DigestFinal, s, room(32))).bytes, sha256(''))
    assert.equal(await program.refusal(C.DigestInit, s, mechanism(M.ECDSA)), CKR.MECHANISM)
  })
})

suite('PKCS#11 ciphers', () => {
  const shared = bench()

  /** Everything that comes out of a cipher that is given `parts`, and how much came out at each step. */
  async function inParts(
    program: Program,
    session: number,
    ids: readonly [number, number],
    parts: readonly Buffer[],
  ) {
    const out: Buffer[] = []
    for (const part of parts) {
      const given = [ulong(session), bytes(part)] as const
      const { length } = await program.call(ids[0], ...given, room(0))
      const { bytes: ready } = await program.call(ids[0], ...given, room(length || 1))
      assert.equal(ready?.length, length)
      out.push(ready ?? Buffer.alloc(0))
    }
    const last = await program.call(ids[1], ulong(session), room(64))
    return {
      whole: Buffer.concat([...out, last.bytes ?? Buffer.alloc(0)]),
      lengths: out.map(({ length }) => length),
    }
  }

  const CASES = [
    { name: 'AES-CBC with padding', type: M.AES_CBC_PAD, parameter: [ZEROS], lengths: [0, 32, 0] },
    { name: 'AES-CTR', type: M.AES_CTR, parameter: [128, ZEROS], lengths: [10, 25, 5] },
    {
      name: 'AES-GCM',
      type: M.AES_GCM,
      parameter: [Buffer.alloc(12, 1), 0, Buffer.from('aad'), 128],
      lengths: [10, 25, 5],
    },
  ] as const
  for (const { name, type, parameter, lengths } of CASES) {
    test(`${name}: real lengths at every step, and the same in one piece`, async () => {
      const program = await shared.program({ offered: 1 })
      const session = await program.login()
      const key = ulong(await aesKey(program, session))
      const s = ulong(session)
      const message = randomBytes(40)
      const parts = [message.subarray(0, 10), message.subarray(10, 35), message.subarray(35)]
      await program.call(C.EncryptInit, s, mechanism(type, ...parameter), key)
      const sealed = await inParts(program, session, [C.EncryptUpdate, C.EncryptFinal], parts)
      assert.deepEqual(sealed.lengths, lengths)
      await program.call(C.EncryptInit, s, mechanism(type, ...parameter), key)
      assert.deepEqual((await program.call(C.Encrypt, s, bytes(message), room(64))).bytes, sealed.whole)
      await program.call(C.DecryptInit, s, mechanism(type, ...parameter), key)
      const pieces = [sealed.whole.subarray(0, 7), sealed.whole.subarray(7)]
      assert.deepEqual(
        (await inParts(program, session, [C.DecryptUpdate, C.DecryptFinal], pieces)).whole,
        message,
      )
      await program.call(C.DecryptInit, s, mechanism(type, ...parameter), key)
      assert.deepEqual((await program.call(C.Decrypt, s, bytes(sealed.whole), room(64))).bytes, message)
    })
  }

  test('whole blocks only without padding, and what cannot be a ciphertext is none', async () => {
    const program = await shared.program()
    const session = await program.login()
    const key = ulong(await aesKey(program, session))
    const s = ulong(session)
    await program.call(C.EncryptInit, s, mechanism(M.AES_ECB), key)
    assert.equal(await program.refusal(C.Encrypt, s, bytes('short'), room(64)), CKR.DATA_LENGTH)
    await program.call(C.EncryptInit, s, mechanism(M.AES_CBC, ZEROS), key)
    await program.call(C.EncryptUpdate, s, bytes('short'), room(64))
    assert.equal(await program.refusal(C.EncryptFinal, s, room(64)), CKR.DATA_LENGTH)
    await program.call(C.DecryptInit, s, mechanism(M.AES_CBC_PAD, ZEROS), key)
    assert.equal(await program.refusal(C.Decrypt, s, bytes('short'), room(64)), CKR.SEALED_LENGTH)
    await program.call(C.DecryptInit, s, mechanism(M.AES_CBC_PAD, ZEROS), key)
    await program.call(C.EncryptInit, s, mechanism(M.AES_CBC, ZEROS), key)
    const { bytes: unpadded } = await program.call(C.Encrypt, s, bytes(Buffer.alloc(32)), room(64))
    assert.equal(await program.refusal(C.Decrypt, s, bytes(unpadded), room(64)), CKR.SEALED)
    assert.equal(
      await program.refusal(C.EncryptInit, s, mechanism(M.AES_CBC, Buffer.alloc(8)), key),
      CKR.PARAMETER,
    )
  })

  test('the end of a decryption can be asked for twice, when there was no room for it', async () => {
    const program = await shared.program()
    const session = await program.login()
    const key = ulong(await aesKey(program, session))
    const s = ulong(session)
    await program.call(C.EncryptInit, s, mechanism(M.AES_CBC_PAD, ZEROS), key)
    const { bytes: sealed } = await program.call(C.Encrypt, s, bytes('twenty bytes of text'), room(32))
    await program.call(C.DecryptInit, s, mechanism(M.AES_CBC_PAD, ZEROS), key)
    await program.call(C.DecryptUpdate, s, bytes(sealed), room(32))
    const short = await program.call(C.DecryptFinal, s, room(3))
    assert.deepEqual([short.bytes, short.length], [undefined, 4])
    assert.equal((await program.call(C.DecryptFinal, s, room(4))).bytes?.toString(), 'text')
  })

  test('a message that is begun anew has the IV that it was begun with', async () => {
    const program = await shared.program()
    const session = await program.login()
    const key = ulong(await aesKey(program, session))
    const s = ulong(session)
    const iv = Buffer.alloc(16, 7)
    await program.call(C.EncryptInit, s, mechanism(M.AES_CBC_PAD, iv), key)
    const { bytes: sealed } = await program.call(C.Encrypt, s, bytes('twenty bytes of text'), room(32))
    await program.call(C.DecryptInit, s, mechanism(M.AES_CBC_PAD, iv), key)
    const short = await program.call(C.Decrypt, s, bytes(sealed), room(3))
    assert.deepEqual([short.bytes, short.length], [undefined, 20])
    const { bytes: opened } = await program.call(C.Decrypt, s, bytes(sealed), room(20))
    assert.equal(opened?.toString(), 'twenty bytes of text')
  })

  test('an end with nothing in it is an answer, even to one who only asks how long it is', async () => {
    const program = await shared.program()
    const session = await program.login()
    const key = ulong(await aesKey(program, session))
    const s = ulong(session)
    await program.call(C.EncryptInit, s, mechanism(M.AES_ECB), key)
    await program.call(C.EncryptUpdate, s, bytes(ZEROS), room(16))
    for (const again of [0, 16])
      assert.equal((await program.call(C.EncryptFinal, s, room(again))).bytes?.length, 0)
    assert.equal(await program.refusal(C.EncryptFinal, s, room(16)), CKR.NOT_ACTIVE)
    await program.call(C.EncryptInit, s, mechanism(M.AES_ECB), key)
  })
})
