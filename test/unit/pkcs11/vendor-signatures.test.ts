/** CloudHSM's own mechanisms for EdDSA and ML-DSA, as our own module asks for them. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import {
  type Argument,
  type Attribute,
  bytes,
  mechanism,
  OWN,
  room,
  template,
  ulong,
  wanted,
} from '../../support/p11-client.ts'
import { reference } from '../../support/world.ts'
import { A, bench, C, M, type Program } from './fixture.ts'

const CKR = {
  DATA_LENGTH: 0x21,
  VALUE: 0x13,
  PARAMETER: 0x71,
  SIGNATURE: 0xc0,
  INCOMPLETE: 0xd0,
  INCONSISTENT: 0xd1,
} as const
const CKK = { EC: 3, EDWARDS: 0x40, ML_DSA: 0x4a } as const
const CKM = { EDDSA: 0x1057, CLOUDHSM_EDDSA: 0x8000_5304, ML_DSA: 0x8000_5302, EXT_MU: 0x8000_5303 } as const
const ML_DSA_GEN = 0x8000_5301
const SET = 0x8000_5301
const ED25519 = Buffer.from('06032b6570', 'hex')
const MESSAGE = Buffer.from('message')
const NOTHING = Buffer.alloc(0)
/** phFlag, and a context. */
const eddsa = (type: number, prehash: number, context = '') =>
  mechanism(type, Buffer.of(prehash), Buffer.from(context))
const number = (value: number): Buffer => {
  const memory = Buffer.alloc(8)
  memory.writeBigUInt64LE(BigInt(value))
  return memory
}

suite('EdDSA and ML-DSA by the numbers of CloudHSM', () => {
  const shared = bench()

  async function signedIn(offered = OWN) {
    const program = await shared.program({ offered })
    return { program, session: ulong(await program.login()) }
  }

  async function pair(
    { program, session }: Awaited<ReturnType<typeof signedIn>>,
    how: Argument,
    ofPublic: readonly Attribute[],
    ofPrivate: readonly Attribute[] = [],
  ) {
    const { numbers } = await program.call(
      C.GenerateKeyPair,
      session,
      how,
      template([A.TOKEN, true], [A.VERIFY, true], ...ofPublic),
      template([A.TOKEN, true], [A.SIGN, true], ...ofPrivate),
    )
    const [pub = 0, priv = 0] = numbers
    return { pub: ulong(pub), priv: ulong(priv) }
  }

  async function sign(program: Program, session: Argument, key: Argument, how: Argument, data: Buffer) {
    await program.call(C.SignInit, session, how, key)
    return (await program.call(C.Sign, session, bytes(data), room(8000))).bytes ?? NOTHING
  }

  async function refusal(
    program: Program,
    session: Argument,
    key: Argument,
    how: Argument,
    signature: Buffer,
  ) {
    await program.call(C.VerifyInit, session, how, key)
    return await program.refusal(C.Verify, session, bytes(MESSAGE), bytes(signature))
  }

  async function outside(program: Program, session: Argument, key: Argument) {
    const shown = await program.call(C.GetAttributeValue, session, key, wanted([4, 100]))
    const filter = reference(String(shown.attributes[0]?.value))
    const { pem } = await shared.world.as('alice', 'key.export-public', { filter })
    const accepts = async (how: Mechanism, signature: Buffer) => {
      const request = { filter, mechanism: how, data: [MESSAGE], signatures: [signature] }
      return (await shared.world.as('bob', 'crypto.verify', request)).verified[0]
    }
    return { publicKey: createPublicKey(pem), accepts }
  }

  for (const [name, type] of [
    ['CKM_EDDSA', CKM.EDDSA],
    ['CKM_CLOUDHSM_EDDSA', CKM.CLOUDHSM_EDDSA],
  ] as const)
    test(`${name}: Ed25519 without a parameter, Ed25519ph with one`, async () => {
      const us = await signedIn()
      const { program, session } = us
      const { pub, priv } = await pair(us, mechanism(M.EC_GEN), [
        [A.EC_PARAMS, ED25519],
        [A.KEY_TYPE, CKK.EC],
      ])
      const { publicKey, accepts } = await outside(program, session, pub)
      const pure = await sign(program, session, priv, mechanism(type), MESSAGE)
      assert.ok(verify(null, MESSAGE, publicKey, pure))
      assert.equal(await refusal(program, session, pub, mechanism(type), pure), 0)
      const prehashed = await sign(program, session, priv, eddsa(type, 1), MESSAGE)
      assert.equal(await accepts({ name: 'ed25519ph', input: 'raw' }, prehashed), true)
      assert.equal(await refusal(program, session, pub, eddsa(type, 1), prehashed), 0)
      assert.equal(await refusal(program, session, pub, mechanism(type), prehashed), CKR.SIGNATURE)
      assert.equal(await refusal(program, session, pub, eddsa(type, 1), pure), CKR.SIGNATURE)

      await program.call(C.SignInit, session, eddsa(type, 1), priv)
      for (const part of ['mess', 'age']) await program.call(C.SignUpdate, session, bytes(part))
      assert.deepEqual((await program.call(C.SignFinal, session, room(64))).bytes, prehashed)
      for (const bad of [
        eddsa(type, 0),
        eddsa(type, 2),
        eddsa(type, 1, 'context'),
        eddsa(type, 0, 'context'),
      ])
        assert.equal(await program.refusal(C.SignInit, session, bad, priv), CKR.PARAMETER)
    })

  test("p11-kit's frames have no parameter for it", async () => {
    const us = await signedIn(1)
    const { pub, priv } = await pair(us, mechanism(M.EC_GEN), [[A.EC_PARAMS, ED25519]])
    const { publicKey } = await outside(us.program, us.session, pub)
    const pure = await sign(us.program, us.session, priv, mechanism(CKM.EDDSA), MESSAGE)
    assert.ok(verify(null, MESSAGE, publicKey, pure))
    assert.equal(await us.program.refusal(C.SignInit, us.session, eddsa(CKM.EDDSA, 1), priv), CKR.PARAMETER)
  })

  test('CKM_EC_KEY_PAIR_GEN makes Ed25519 keys, whichever of the two types its templates name', async () => {
    const us = await signedIn()
    for (const type of [CKK.EC, CKK.EDWARDS]) {
      const kind: Attribute = [A.KEY_TYPE, type]
      const { priv } = await pair(us, mechanism(M.EC_GEN), [[A.EC_PARAMS, ED25519], kind], [kind])
      const shown = await us.program.call(C.GetAttributeValue, us.session, priv, wanted([A.KEY_TYPE, 8]))
      assert.equal(shown.attributes[0]?.value, CKK.EDWARDS)
    }
  })

  for (const [at, size] of [2420, 3309, 4627].entries())
    test(`ML-DSA by the parameter set ${at + 1}, over data or over mu`, async () => {
      const us = await signedIn()
      const { program, session } = us
      const set: Attribute = [SET, number(at + 1)]
      const type: Attribute = [A.KEY_TYPE, CKK.ML_DSA]
      const { pub, priv } = await pair(us, mechanism(ML_DSA_GEN), [set, type], [set])
      for (const half of [pub, priv]) {
        const shown = await program.call(C.GetAttributeValue, session, half, wanted([SET, 8], [0x166, 8]))
        assert.deepEqual(
          shown.attributes.map(({ value }) => value),
          [number(at + 1), ML_DSA_GEN],
        )
      }
      const { publicKey } = await outside(program, session, pub)
      const signature = await sign(program, session, priv, mechanism(CKM.ML_DSA), MESSAGE)
      assert.equal(signature.length, size)
      assert.ok(verify(null, MESSAGE, publicKey, signature))
      assert.equal(await refusal(program, session, pub, mechanism(CKM.ML_DSA), signature), 0)
      signature[7] = (signature[7] ?? 0) ^ 1
      assert.equal(await refusal(program, session, pub, mechanism(CKM.ML_DSA), signature), CKR.SIGNATURE)

      // FIPS 204 §5.3 algorithm 3 and §6.3 algorithm 8: mu with an empty context.
      const encoded = (publicKey.export({ format: 'jwk' }) as { pub: string }).pub
      const shake = (...parts: Buffer[]) =>
        createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
      const mu = shake(shake(Buffer.from(encoded, 'base64url')), Buffer.of(0, 0), MESSAGE)
      assert.ok(
        verify(null, MESSAGE, publicKey, await sign(program, session, priv, mechanism(CKM.EXT_MU), mu)),
      )
      await program.call(C.SignInit, session, mechanism(CKM.EXT_MU), priv)
      assert.equal(await program.refusal(C.Sign, session, bytes(MESSAGE), room(8000)), CKR.DATA_LENGTH)
      const parameter = mechanism(CKM.ML_DSA, NOTHING)
      assert.equal(await program.refusal(C.SignInit, session, parameter, priv), CKR.PARAMETER)
    })

  test('pairs of ML-DSA whose parameter set is missing, unknown, or two', async () => {
    const { program, session } = await signedIn()
    const generate = (ofPublic: readonly Attribute[], ofPrivate: readonly Attribute[]) =>
      program.refusal(
        C.GenerateKeyPair,
        session,
        mechanism(ML_DSA_GEN),
        template(...ofPublic),
        template(...ofPrivate),
      )
    assert.equal(await generate([], [[SET, number(1)]]), CKR.INCOMPLETE)
    for (const set of [0, 4, 2 ** 60, 0.5 * 2 ** 64])
      assert.equal(await generate([[SET, number(set)]], []), CKR.VALUE, String(set))
    assert.equal(await generate([[SET, Buffer.of(1)]], []), CKR.VALUE)
    assert.equal(await generate([[SET, number(1)]], [[SET, number(2)]]), CKR.INCONSISTENT)
    assert.equal(await generate([[SET, number(1)]], [[A.KEY_TYPE, CKK.EC]]), CKR.INCONSISTENT)
    assert.equal(await generate([[SET, number(1)]], []), 0)
  })
})
