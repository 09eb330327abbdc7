/** A handle is the reference of a key or certificate: the same everywhere, and no right to anything. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { certificateDer } from '../../support/certificate.ts'
import { type Argument, mechanism, room, template, ulong, wanted } from '../../support/p11-client.ts'

import { makeAes, makePair } from '../../support/world.ts'
import { A, bench, C, CLASS, ecPair, M } from './fixture.ts'

const CKR = { OBJECT: 0x82, KEY: 0x60, WRAPPING_KEY: 0x113, UNWRAPPING_KEY: 0xf0 }
const P256_POINT = Buffer.alloc(65, 4)
const NOTHING = Buffer.alloc(0)

suite('PKCS#11 handles', () => {
  const shared = bench()
  let certificate: Buffer
  before(async () => {
    certificate = await certificateDer('CN=kept')
  })

  const size = (program: Awaited<ReturnType<typeof shared.program>>, session: number, handle: number) =>
    program.refusal(C.GetObjectSize, ulong(session), ulong(handle))

  test('what `key list` names is used, read and destroyed without a search, in any program', async () => {
    const { priv, pub } = await makePair(shared.world, 'alice', { label: 'named', share: ['bob'] })
    for (const user of ['alice', 'bob']) {
      const program = await shared.program()
      const session = ulong(await program.login(user))
      const signs = [mechanism(M.ECDSA_SHA256), ulong(BigInt(priv))] as const
      assert.equal(await program.refusal(C.SignInit, session, ...signs), 0)
      const label = [ulong(BigInt(pub)), wanted([A.LABEL, 100])] as const
      const { attributes } = await program.call(C.GetAttributeValue, session, ...label)
      assert.equal(attributes[0]?.value?.toString(), 'named-public')
    }
    const program = await shared.program()
    const session = ulong(await program.login())
    assert.equal(await program.refusal(C.DestroyObject, session, ulong(BigInt(priv))), 0)
    assert.equal(await program.refusal(C.DestroyObject, session, ulong(BigInt(priv))), CKR.OBJECT)
  })

  test('a search finds the same handle after another login and in another program', async () => {
    const reference = Number(await makeAes(shared.world, 'alice', 'steady'))
    for (let count = 0; count < 2; count += 1) {
      const program = await shared.program()
      const session = await program.login()
      assert.deepEqual(await program.find(session, template([A.LABEL, 'steady'])), [reference])
      await program.call(C.Logout, ulong(session))
      const again = await program.login()
      assert.deepEqual(await program.find(again, template([A.LABEL, 'steady'])), [reference])
    }
  })

  test('halves of a pair, certificates and session objects have handles of their own', async () => {
    const program = await shared.program()
    const session = await program.login()
    const all: number[] = await ecPair(program, session)
    for (const token of [true, false]) {
      const secret = template([A.VALUE_LEN, 32], [A.TOKEN, token])
      const { numbers } = await program.call(C.GenerateKey, ulong(session), mechanism(M.AES_GEN), secret)
      const kept = template(
        [A.CLASS, CLASS.CERTIFICATE],
        [A.CERTIFICATE_TYPE, 0],
        [A.VALUE, certificate],
        [A.TOKEN, token],
      )
      const made = await program.call(C.CreateObject, ulong(session), kept)
      all.push(...numbers, ...made.numbers)
    }
    assert.equal(new Set(all).size, 6)
    for (const handle of all) {
      assert.ok(Number.isSafeInteger(handle) && handle > 0)
      assert.equal(await size(program, session, handle), 0)
    }
    const [, , , tokenCertificate = 0, , sessionCertificate = 0] = all
    const classOf = wanted([A.CLASS, 8])
    for (const handle of [tokenCertificate, sessionCertificate]) {
      const shown = await program.call(C.GetAttributeValue, ulong(session), ulong(handle), classOf)
      assert.equal(shown.attributes[0]?.value, 1)
      assert.equal(
        await program.refusal(C.SignInit, ulong(session), mechanism(M.ECDSA), ulong(handle)),
        CKR.KEY,
      )
    }
    // Session objects are of this program alone.
    const other = await shared.program()
    const elsewhere = await other.login()
    const seen = await Promise.all(all.map((handle) => size(other, elsewhere, handle)))
    assert.deepEqual(seen, [CKR.OBJECT, CKR.OBJECT, 0, 0, CKR.OBJECT, CKR.OBJECT])
    for (const handle of all) await program.refusal(C.DestroyObject, ulong(session), ulong(handle))
  })

  test('somebody else’s key is answered as one that never was', async () => {
    const { priv } = await makePair(shared.world, 'alice', { label: 'hers' })
    const aes = await makeAes(shared.world, 'alice', 'hers-too')
    const program = await shared.program()
    const session = ulong(await program.login('bob'))
    const own = ulong(Number(await makeAes(shared.world, 'bob', 'his')))
    const ecdh = mechanism(M.ECDH, 1, undefined, P256_POINT)
    const wrap = mechanism(M.AES_GCM, Buffer.alloc(12, 1), 0, NOTHING, 128)
    const kind = template([A.CLASS, CLASS.SECRET], [A.KEY_TYPE, 0x10], [A.VALUE_LEN, 32])
    const calls: readonly (readonly [expected: number, id: number, ...((key: Argument) => Argument)[]])[] = [
      [CKR.OBJECT, C.GetObjectSize, (key) => key],
      [CKR.OBJECT, C.GetAttributeValue, (key) => key, () => wanted([A.LABEL, 0])],
      [CKR.OBJECT, C.SetAttributeValue, (key) => key, () => template([A.LABEL, 'mine'])],
      [CKR.OBJECT, C.CopyObject, (key) => key, () => template()],
      [CKR.OBJECT, C.DestroyObject, (key) => key],
      [CKR.KEY, C.SignInit, () => mechanism(M.ECDSA), (key) => key],
      [CKR.KEY, C.VerifyInit, () => mechanism(M.ECDSA), (key) => key],
      [CKR.KEY, C.EncryptInit, () => mechanism(M.AES_ECB), (key) => key],
      [CKR.KEY, C.DecryptInit, () => mechanism(M.AES_ECB), (key) => key],
      [CKR.KEY, C.DeriveKey, () => ecdh, (key) => key, () => kind],
      [CKR.WRAPPING_KEY, C.WrapKey, () => wrap, (key) => key, () => own, () => room(64)],
      [CKR.KEY, C.WrapKey, () => wrap, () => own, (key) => key, () => room(64)],
    ]
    const never = [0, 1, 0xffff_ffff, 2 ** 46 + 4711, 2n ** 53n + 1n, 2n ** 64n - 1n]
    for (const handle of [BigInt(priv), BigInt(aes), ...never])
      for (const [expected, id, ...given] of calls) {
        const words = given.map((argument) => argument(ulong(handle)))
        assert.equal(await program.refusal(id, session, ...words), expected, `call ${id}, handle ${handle}`)
      }
  })
})
