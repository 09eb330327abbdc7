/** PKCS#11 with an HSM in FIPS mode: what the mode forbids is not offered, and refused. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { mechanismInfo, mechanismsIn } from '../../../src/pkcs11/mechanisms/info.ts'
import { bytes, listRoom, mechanism, room, template, ulong } from '../../support/p11-client.ts'
import { A, bench, C, ecPair, M } from './fixture.ts'

const MECHANISM_INVALID = 0x70
const RSA_PKCS = 1
const DES3 = { KEY_GEN: 0x131, ECB: 0x132, CBC: 0x133, CBC_PAD: 0x136 }
const EDWARDS_KEY_PAIR_GEN = 0x1055
const EDDSA = 0x1057
const CLOUDHSM_EDDSA = 0x8000_5304
const ECDSA_SHA1 = 0x1042
const CKF = { ENCRYPT: 0x100, DECRYPT: 0x200, SIGN: 0x800, VERIFY: 0x2000 }

suite('PKCS#11 in FIPS mode', () => {
  const shared = bench({}, { profile: { mode: 'fips' } })

  test('what the mode forbids is not offered', async () => {
    const program = await shared.program()
    const { list } = await program.call(C.GetMechanismList, ulong(0), listRoom(100))
    const missing = mechanismsIn('non-fips').filter((type) => !mechanismsIn('fips').includes(type))
    assert.deepEqual(missing, [EDWARDS_KEY_PAIR_GEN, EDDSA, CLOUDHSM_EDDSA, DES3.KEY_GEN])
    for (const type of missing) {
      assert.ok(!list.includes(type))
      assert.equal(await program.refusal(C.GetMechanismInfo, ulong(0), ulong(type)), MECHANISM_INVALID)
    }
    const flags = async (type: number) =>
      (await program.call(C.GetMechanismInfo, ulong(0), ulong(type))).numbers[2]
    assert.equal(await flags(RSA_PKCS), CKF.SIGN | CKF.VERIFY)
    for (const type of [DES3.ECB, DES3.CBC, DES3.CBC_PAD]) assert.equal(await flags(type), CKF.DECRYPT)
    assert.deepEqual(mechanismInfo(M.AES_GCM, 'fips'), mechanismInfo(M.AES_GCM, 'non-fips'))
  })

  test('and whoever asks for it is told that the mechanism is none', async () => {
    const program = await shared.program()
    const s = ulong(await program.login())
    assert.equal(
      await program.refusal(C.GenerateKey, s, mechanism(DES3.KEY_GEN), template()),
      MECHANISM_INVALID,
    )
    const edwards = template([A.EC_PARAMS, Buffer.from('06032b6570', 'hex')])
    for (const type of [EDWARDS_KEY_PAIR_GEN, M.EC_GEN])
      assert.equal(
        await program.refusal(C.GenerateKeyPair, s, mechanism(type), edwards, template()),
        MECHANISM_INVALID,
      )
    const rsa = template([A.MODULUS_BITS, 2048], [A.PUBLIC_EXPONENT, Buffer.of(1, 0, 1)], [A.ENCRYPT, true])
    const pair = await program.call(C.GenerateKeyPair, s, mechanism(M.RSA_KEY_PAIR_GEN), rsa, template())
    const [publicKey] = pair.numbers
    assert.equal(
      await program.refusal(C.EncryptInit, s, mechanism(RSA_PKCS), ulong(publicKey ?? 0)),
      MECHANISM_INVALID,
    )
  })

  test('a weak hash function is refused at once, or when the length of the data tells it', async () => {
    const program = await shared.program()
    const session = await program.login()
    const s = ulong(session)
    const [, privateKey] = await ecPair(program, session)
    const key = ulong(privateKey)
    assert.equal(await program.refusal(C.SignInit, s, mechanism(ECDSA_SHA1), key), MECHANISM_INVALID)
    await program.call(C.SignInit, s, mechanism(M.ECDSA), key)
    assert.equal(await program.refusal(C.Sign, s, bytes(Buffer.alloc(20)), room(64)), MECHANISM_INVALID)
    await program.call(C.SignInit, s, mechanism(M.ECDSA), key)
    assert.equal((await program.call(C.Sign, s, bytes(Buffer.alloc(32)), room(64))).bytes?.length, 64)
  })
})
