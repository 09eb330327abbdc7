/** Keys made here and there: attributes are the same on both sides, and what makes a key secret is shown to nobody. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { CKA, CKK, CKO } from '../../../src/pkcs11/cryptoki/objects.ts'
import { CKM } from '../../support/mechanism-types.ts'
import { withEachModule } from './each-module.ts'
import { idOf, shows } from './payments.ts'
import { type Attribute, type Handle, needsPkcs11js, type Program, program, type Value } from './program.ts'
import { find, findKey, signIn } from './steps.ts'

const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const RSA_PAIR = { mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN }
const EC_PAIR = { mechanism: CKM.EC_KEY_PAIR_GEN }
const AES = { mechanism: CKM.AES_KEY_GEN }
const TOKEN = { type: CKA.TOKEN, value: true }
const label = (value: string): Attribute => ({ type: CKA.LABEL, value })
const LENGTH = { type: CKA.VALUE_LEN, value: 32 }
const BITS = { type: CKA.MODULUS_BITS, value: 2048 }
type Pair = { readonly publicKey: Handle; readonly privateKey: Handle }

const read = async (program: Program, session: Handle, key: Handle, type: number): Promise<Buffer> => {
  const [attribute] = await program.call<{ value: Buffer }[]>('C_GetAttributeValue', session, key, [{ type }])
  return attribute?.value ?? Buffer.alloc(0)
}

withEachModule('objects and their attributes', needsPkcs11js(), (company) => {
  test('what the template says is what key list says, and so are the defaults', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const id = { type: CKA.ID, value: Buffer.from('0a0b', 'hex') }
    await bob.call(
      'C_GenerateKeyPair',
      session,
      RSA_PAIR,
      [BITS, TOKEN, label('plain'), id],
      [TOKEN, label('plain'), id],
    )
    const plain = await company.keys('bob', 'plain')
    shows(plain['private-key'], {
      id: '0x0a0b',
      sign: false,
      decrypt: false,
      unwrap: false,
      sensitive: true,
      private: true,
    })
    shows(plain['public-key'], {
      id: '0x0a0b',
      verify: false,
      encrypt: false,
      wrap: false,
      'modulus-size-bits': 2048,
    })

    const only = [
      { type: CKA.SIGN, value: true },
      { type: CKA.EXTRACTABLE, value: false },
    ]
    await bob.call(
      'C_GenerateKeyPair',
      session,
      EC_PAIR,
      [{ type: CKA.EC_PARAMS, value: P256 }, TOKEN, label('only')],
      [TOKEN, label('only'), ...only],
    )
    const { 'private-key': signer } = await company.keys('bob', 'only')
    shows(signer, {
      curve: 'secp256r1',
      sign: true,
      derive: false,
      extractable: false,
      'never-extractable': true,
    })

    await bob.call('C_GenerateKey', session, AES, [
      LENGTH,
      TOKEN,
      label('secret'),
      { type: CKA.WRAP, value: true },
    ])
    const { 'secret-key': secret } = await company.keys('bob', 'secret')
    shows(secret, { 'key-type': 'aes', 'key-length-bytes': 32, wrap: true, encrypt: false, sensitive: true })
  })

  test('what cloudhsm-cli has made is described here as the standard has it', async (t) => {
    await company.generateRsa('there')
    await company.share('there')
    const bob = await program(t, company)
    const session = await signIn(bob)
    const key = await findKey(bob, session, 'there')
    const expected: Readonly<Record<number, Value>> = {
      [CKA.CLASS]: CKO.PRIVATE_KEY,
      [CKA.KEY_TYPE]: CKK.RSA,
      [CKA.TOKEN]: true,
      [CKA.PRIVATE]: true,
      [CKA.LABEL]: 'there',
      [CKA.ID]: Buffer.from('there'),
      [CKA.SENSITIVE]: true,
      [CKA.ALWAYS_SENSITIVE]: true,
      [CKA.SIGN]: true,
      [CKA.DECRYPT]: false,
      [CKA.UNWRAP]: false,
      [CKA.LOCAL]: true,
      [CKA.KEY_GEN_MECHANISM]: CKM.RSA_PKCS_KEY_PAIR_GEN,
      [CKA.PUBLIC_EXPONENT]: Buffer.from('010001', 'hex'),
    }
    for (const [type, value] of Object.entries(expected)) {
      const shown = await read(bob, session, key, Number(type))
      if (typeof value === 'number') assert.equal(shown.readUInt32LE(), value, type)
      else
        assert.deepEqual(
          shown,
          typeof value === 'boolean' ? Buffer.of(Number(value)) : Buffer.from(value),
          type,
        )
    }
    assert.equal(idOf('there'), Buffer.from('there').toString('hex'))
    const point = createPublicKey({
      key: await read(bob, session, key, CKA.PUBLIC_KEY_INFO),
      format: 'der',
      type: 'spki',
    })
    assert.equal(point.asymmetricKeyType, 'rsa')
  })

  test('is found by what it is', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const generated = await bob.call<Pair>(
      'C_GenerateKeyPair',
      session,
      EC_PAIR,
      [{ type: CKA.EC_PARAMS, value: P256 }, { type: CKA.VERIFY, value: true }, label('found')],
      [{ type: CKA.SIGN, value: true }, label('found')],
    )
    const point = await read(bob, session, generated.publicKey, CKA.EC_POINT)
    const one = async (...template: Attribute[]) =>
      (await find(bob, session, template)).map((handle) => handle.toString('hex'))
    const expected = [generated.publicKey.toString('hex')]
    assert.deepEqual(
      await one({ type: CKA.EC_POINT, value: point }, { type: CKA.CLASS, value: CKO.PUBLIC_KEY }),
      expected,
    )
    assert.deepEqual(await one(label('found'), { type: CKA.VERIFY, value: true }), expected)
    assert.deepEqual(await one(label('found'), { type: CKA.SIGN, value: true }), [
      generated.privateKey.toString('hex'),
    ])
    assert.deepEqual(await one(label('found'), { type: CKA.KEY_TYPE, value: CKK.AES }), [])
  })

  test('secret parts are shown to nobody, the owner included', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const { privateKey } = await bob.call<Pair>('C_GenerateKeyPair', session, RSA_PAIR, [BITS], [])
    const secret = await bob.call<Handle>('C_GenerateKey', session, AES, [LENGTH])
    const parts: readonly [Handle, number][] = [
      [privateKey, CKA.PRIVATE_EXPONENT],
      [privateKey, CKA.PRIME_1],
      [secret, CKA.VALUE],
    ]
    for (const [key, type] of parts) {
      assert.equal(
        await bob.refusal('C_GetAttributeValue', session, key, [{ type }]),
        'CKR_ATTRIBUTE_SENSITIVE',
      )
    }
    assert.equal(
      await bob.refusal('C_GetAttributeValue', session, secret, [{ type: CKA.MODULUS }]),
      'CKR_ATTRIBUTE_TYPE_INVALID',
    )
  })

  test('a key that may leave can be held back, and never the other way round', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const flag = (type: number, value: boolean) => [{ type, value }]
    const open = [...flag(CKA.SENSITIVE, false), ...flag(CKA.EXTRACTABLE, true)]
    const key = await bob.call<Handle>('C_GenerateKey', session, AES, [LENGTH, ...open])
    const set = (template: readonly Attribute[]) => ['C_SetAttributeValue', session, key, template] as const
    assert.equal((await read(bob, session, key, CKA.VALUE)).length, 32)
    await bob.call(...set(flag(CKA.EXTRACTABLE, false)))
    const value = ['C_GetAttributeValue', session, key, [{ type: CKA.VALUE }]] as const
    assert.equal(await bob.refusal(...value), 'CKR_ATTRIBUTE_SENSITIVE')
    for (const type of [
      CKA.EXTRACTABLE,
      CKA.NEVER_EXTRACTABLE,
      CKA.ALWAYS_SENSITIVE,
      CKA.TRUSTED,
      CKA.LOCAL,
    ]) {
      const current = (await read(bob, session, key, type)).equals(Buffer.of(1))
      assert.equal(await bob.refusal(...set(flag(type, !current))), 'CKR_ATTRIBUTE_READ_ONLY', String(type))
    }
  })

  test('a label is changed here and seen there', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const key = await bob.call<Handle>('C_GenerateKey', session, AES, [LENGTH, TOKEN, label('old')])
    await bob.call('C_SetAttributeValue', session, key, [label('new')])
    assert.deepEqual(Object.keys(await company.keys('bob', 'new')), ['secret-key'])
    await bob.call('C_DestroyObject', session, key)
    assert.deepEqual(await company.keys('bob', 'new'), {})
    assert.equal(
      await bob.refusal('C_GetAttributeValue', session, key, [{ type: CKA.LABEL }]),
      'CKR_OBJECT_HANDLE_INVALID',
    )
  })

  test('templates that make no sense are refused, and nothing is made', async (t) => {
    const bob = await program(t, company)
    const session = await signIn(bob)
    const refusals: readonly [Attribute[], string][] = [
      [[label('bad')], 'CKR_TEMPLATE_INCOMPLETE'],
      [[label('bad'), { type: CKA.VALUE_LEN, value: 17 }], 'CKR_KEY_SIZE_RANGE'],
      [[label('bad'), LENGTH, { type: CKA.CLASS, value: CKO.PUBLIC_KEY }], 'CKR_TEMPLATE_INCONSISTENT'],
      [[label('bad'), LENGTH, { type: CKA.MODULUS, value: P256 }], 'CKR_ATTRIBUTE_TYPE_INVALID'],
      [[label('bad'), LENGTH, { type: CKA.LOCAL, value: true }], 'CKR_ATTRIBUTE_READ_ONLY'],
      [[label('bad'), LENGTH, LENGTH], 'CKR_ATTRIBUTE_VALUE_INVALID'],
      [
        [label('bad'), LENGTH, { type: CKA.LABEL, value: Buffer.of(0xff, 0xfe) }],
        'CKR_ATTRIBUTE_VALUE_INVALID',
      ],
    ]
    for (const [template, refusal] of refusals) {
      assert.equal(
        await bob.refusal('C_GenerateKey', session, AES, [TOKEN, ...template]),
        refusal,
        JSON.stringify(template),
      )
    }
    const rsa = (bits: number) => [{ type: CKA.MODULUS_BITS, value: bits }]
    assert.equal(
      await bob.refusal('C_GenerateKeyPair', session, RSA_PAIR, rsa(1024), []),
      'CKR_KEY_SIZE_RANGE',
    )
    assert.equal(
      await bob.refusal(
        'C_GenerateKeyPair',
        session,
        EC_PAIR,
        [{ type: CKA.EC_PARAMS, value: Buffer.from('0601', 'hex') }],
        [],
      ),
      'CKR_CURVE_NOT_SUPPORTED',
    )
    assert.deepEqual(await company.keys('bob', 'bad'), {})
  })
})
