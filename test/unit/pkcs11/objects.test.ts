/** Objects through PKCS#11: made, found, read, changed, and shown the same in the CLI's words. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { KeyObject } from '../../../src/contract/key-object.ts'
import {
  type Attribute,
  listRoom,
  mechanism,
  type Shown,
  template,
  ulong,
  wanted,
} from '../../support/p11-client.ts'
import { byLabel, makePair } from '../../support/world.ts'
import { A, aesKey, bench, C, CLASS, M, P256, READ_ONLY } from './fixture.ts'

const CKR = {
  SENSITIVE: 0x11,
  TYPE: 0x12,
  VALUE: 0x13,
  READ_ONLY: 0x10,
  OBJECT: 0x82,
  SESSION_READ_ONLY: 0xb5,
  INCOMPLETE: 0xd0,
  INCONSISTENT: 0xd1,
  SMALL: 0x150,
  CURVE: 0x140,
  SIZE: 0x62,
  MECHANISM: 0x70,
  NOT_ACTIVE: 0x91,
} as const

const hexOf = (shown: Shown | undefined): string =>
  Buffer.isBuffer(shown?.value) ? `0x${shown.value.toString('hex')}` : ''

suite('PKCS#11 objects', () => {
  const shared = bench()
  const described = async (label: string) => {
    const { matched_keys: keys } = await shared.world.as('alice', 'key.list', {
      filter: byLabel(label),
      verbose: true,
    })
    return keys as readonly KeyObject[]
  }

  test('a key made here is shown in the CLI’s words', async () => {
    const program = await shared.program()
    const session = await program.login()
    const attributes = template(
      [A.LABEL, 'made-here'],
      [A.ID, Buffer.of(1, 2)],
      [A.TOKEN, true],
      [A.VALUE_LEN, 16],
      [A.WRAP, true],
    )
    await program.call(C.GenerateKey, ulong(session), mechanism(M.AES_GEN), attributes)
    const [key] = await described('made-here')
    const {
      id,
      token,
      wrap,
      encrypt,
      sensitive,
      extractable,
      'key-type': type,
      'key-length-bytes': length,
    } = key?.attributes ?? {}
    assert.deepEqual(
      { id, token, wrap, encrypt, type, length },
      { id: '0x0102', token: true, wrap: true, encrypt: false, type: 'aes', length: 16 },
    )
    assert.deepEqual([sensitive, extractable], [true, true])
  })

  test('a key made with the CLI is found by label, class, type, id and parameters', async () => {
    const program = await shared.program()
    const { world } = shared
    const { pub, priv } = await makePair(world, 'alice', { label: 'from-the-cli' })
    await world.as('alice', 'key.set-attribute', {
      filter: [`key-reference=${priv}`],
      attributes: { id: '0xabcd' },
    })
    const session = await program.login()
    const found = (...attributes: readonly Attribute[]) => program.find(session, template(...attributes))
    const [handle] = await found([A.LABEL, 'from-the-cli'])
    assert.ok(handle)
    assert.deepEqual(await found([A.ID, Buffer.of(0xab, 0xcd)]), [handle])
    assert.deepEqual(await found([A.LABEL, 'from-the-cli'], [A.CLASS, CLASS.PRIVATE], [A.KEY_TYPE, 3]), [
      handle,
    ])
    assert.deepEqual(await found([A.LABEL, 'from-the-cli'], [A.CLASS, CLASS.PUBLIC]), [])
    assert.deepEqual(await found([A.LABEL, 'from-the-cli'], [A.EC_PARAMS, P256], [A.SIGN, true]), [handle])
    assert.deepEqual(await found([A.LABEL, 'from-the-cli'], [A.SIGN, false]), [])
    assert.deepEqual(await found([0x8000_0001, Buffer.of(1)]), [])
    const [publicKey] = await found([A.LABEL, 'from-the-cli-public'])
    const point = await program.call(
      C.GetAttributeValue,
      ulong(session),
      ulong(publicKey ?? 0),
      wanted([A.EC_POINT, 100]),
    )
    const [key] = await described('from-the-cli-public')
    assert.equal(key?.['key-reference'], pub)
    assert.equal(hexOf(point.attributes[0]), key?.attributes['ec-point'])
  })

  test('others see public keys, and of the rest what was shared with them', async () => {
    const { world } = shared
    await makePair(world, 'alice', { label: 'kept' })
    await makePair(world, 'alice', { label: 'given', share: ['bob'] })
    const program = await shared.program()
    const session = await program.login('bob')
    const count = async (label: string) => (await program.find(session, template([A.LABEL, label]))).length
    assert.deepEqual([await count('kept'), await count('kept-public')], [0, 1])
    assert.deepEqual([await count('given'), await count('given-public')], [1, 1])
  })

  test('what is found is handed out in pieces, and once', async () => {
    const program = await shared.program()
    const { world } = shared
    for (const name of ['one', 'two', 'three']) {
      await world.as('carol', 'key.generate-symmetric', {
        'key-type': 'aes',
        'key-length-bytes': 32,
        label: name,
      })
    }
    const s = ulong(await program.login('carol'))
    await program.call(C.FindObjectsInit, s, template([A.CLASS, CLASS.SECRET]))
    assert.equal(await program.refusal(C.FindObjectsInit, s, template()), 0x90)
    const first = await program.call(C.FindObjects, s, listRoom(2))
    const rest = await program.call(C.FindObjects, s, listRoom(2))
    const none = await program.call(C.FindObjects, s, listRoom(2))
    assert.deepEqual([first.list.length, rest.list.length, none.list.length], [2, 1, 0])
    assert.equal(new Set([...first.list, ...rest.list]).size, 3)
    await program.call(C.FindObjectsFinal, s)
    assert.equal(await program.refusal(C.FindObjects, s, listRoom(2)), CKR.NOT_ACTIVE)
  })

  test('one attribute that cannot be shown keeps none of the others back', async () => {
    const program = await shared.program()
    const session = await program.login()
    const handle = ulong(await aesKey(program, session))
    const ask = (...list: readonly (readonly [number, number])[]) =>
      program.call(C.GetAttributeValue, ulong(session), handle, wanted(...list))
    const sensitive = await ask([A.VALUE, 100], [A.CLASS, 8])
    assert.deepEqual(
      sensitive.attributes.map(({ value }) => value),
      [undefined, CLASS.SECRET],
    )
    assert.deepEqual(sensitive.numbers, [CKR.SENSITIVE])
    assert.deepEqual((await ask([A.CLASS, 8], [A.MODULUS, 8], [A.VALUE_LEN, 8])).numbers, [CKR.TYPE])
    const small = await ask([A.CLASS, 4], [A.VALUE_LEN, 8])
    assert.deepEqual(
      [small.numbers, small.attributes.map(({ value }) => value)],
      [[CKR.SMALL], [undefined, 32]],
    )
    assert.deepEqual((await ask([A.CLASS, 0])).numbers, [0])
  })

  test('no one is ever shown the parts of a private key', async () => {
    const program = await shared.program()
    const session = await program.login()
    const pair = [
      mechanism(M.RSA_KEY_PAIR_GEN),
      template([A.MODULUS_BITS, 2048]),
      template([A.SENSITIVE, false], [A.EXTRACTABLE, true]),
    ]
    const made = await program.call(C.GenerateKeyPair, ulong(session), ...pair)
    const key = ulong(made.numbers[1] ?? 0)
    for (const type of [A.PRIVATE_EXPONENT, 0x124, 0x125, 0x126, 0x127, 0x128]) {
      const shown = await program.call(C.GetAttributeValue, ulong(session), key, wanted([type, 512]))
      assert.deepEqual([shown.attributes[0]?.value, shown.numbers], [undefined, [CKR.SENSITIVE]])
    }
    const modulus = await program.call(C.GetAttributeValue, ulong(session), key, wanted([A.MODULUS, 512]))
    assert.equal(hexOf(modulus.attributes[0]).length, 2 + 2 * 256)
  })

  test('attributes are changed all together or not at all', async () => {
    const program = await shared.program()
    const session = await program.login()
    const handle = ulong(await aesKey(program, session))
    const set = (...given: readonly Attribute[]) =>
      program.refusal(C.SetAttributeValue, ulong(session), handle, template(...given))
    assert.equal(await set([A.LABEL, 'renamed'], [A.ENCRYPT, false]), 0)
    assert.equal(await set([A.LABEL, 'again'], [A.VALUE_LEN, 16]), CKR.READ_ONLY)
    assert.equal(await set([A.LABEL, 'again'], [A.MODULUS, Buffer.of(1)]), CKR.TYPE)
    assert.equal(await set([A.LABEL, Buffer.of(0xff)]), CKR.VALUE)
    assert.deepEqual(await program.find(session, template([A.LABEL, 'again'])), [])
    const [key] = await described('renamed')
    // A session key: only its own session sees it.
    assert.equal(key, undefined)
    const shown = await program.call(
      C.GetAttributeValue,
      ulong(session),
      handle,
      wanted([A.ENCRYPT, 1], [A.LABEL, 100]),
    )
    assert.deepEqual(
      shown.attributes.map(({ value }) => value),
      [false, Buffer.from('renamed')],
    )
  })

  test('templates that say too little, too much, or what cannot be', async () => {
    const program = await shared.program()
    const session = await program.login()
    const generate = (...given: readonly Attribute[]) =>
      program.refusal(C.GenerateKey, ulong(session), mechanism(M.AES_GEN), template(...given))
    assert.equal(await generate(), CKR.INCOMPLETE)
    assert.equal(await generate([A.VALUE_LEN, 17]), CKR.SIZE)
    assert.equal(await generate([A.VALUE_LEN, 16], [A.CLASS, CLASS.PRIVATE]), CKR.INCONSISTENT)
    assert.equal(await generate([A.VALUE_LEN, 16], [A.MODULUS_BITS, 2048]), CKR.TYPE)
    assert.equal(await generate([A.VALUE_LEN, 16], [0x163, true]), CKR.READ_ONLY)
    assert.equal(await generate([A.VALUE_LEN, 16], [A.LABEL, 'a'], [A.LABEL, 'b']), CKR.VALUE)
    const pair = (...given: readonly Attribute[]) =>
      program.refusal(C.GenerateKeyPair, ulong(session), mechanism(M.EC_GEN), template(...given), template())
    assert.equal(await pair(), CKR.INCOMPLETE)
    assert.equal(await pair([A.EC_PARAMS, Buffer.from('06052b81040001', 'hex')]), CKR.CURVE)
  })

  test('token objects need a session that may write', async () => {
    const program = await shared.program()
    await program.login()
    const readOnly = await program.open(READ_ONLY)
    const generate = (token: boolean) =>
      program.refusal(
        C.GenerateKey,
        ulong(readOnly),
        mechanism(M.AES_GEN),
        template([A.VALUE_LEN, 16], [A.TOKEN, token]),
      )
    assert.equal(await generate(true), CKR.SESSION_READ_ONLY)
    assert.equal(await generate(false), 0)
  })

  test('session objects end with their session, token objects when they are destroyed', async () => {
    const program = await shared.program()
    const session = await program.login()
    const other = await program.open()
    const key = await aesKey(program, other)
    const size = (handle: number) => program.refusal(C.GetObjectSize, ulong(session), ulong(handle))
    assert.equal(await size(key), 0)
    await program.call(C.CloseSession, ulong(other))
    assert.equal(await size(key), CKR.OBJECT)
    const made = await program.call(
      C.GenerateKey,
      ulong(session),
      mechanism(M.AES_GEN),
      template([A.VALUE_LEN, 16], [A.TOKEN, true], [A.LABEL, 'doomed']),
    )
    const doomed = made.numbers[0] ?? 0
    await program.call(C.DestroyObject, ulong(session), ulong(doomed))
    assert.equal(await size(doomed), CKR.OBJECT)
    assert.equal(await program.refusal(C.DestroyObject, ulong(session), ulong(doomed)), CKR.OBJECT)
    assert.deepEqual(await described('doomed'), [])
  })

  test('only the owner destroys', async () => {
    await makePair(shared.world, 'alice', { label: 'not-yours', share: ['bob'] })
    const program = await shared.program()
    const session = await program.login('bob')
    const [handle] = await program.find(session, template([A.LABEL, 'not-yours']))
    assert.notEqual(await program.refusal(C.DestroyObject, ulong(session), ulong(handle ?? 0)), 0)
    assert.equal((await described('not-yours')).length, 1)
  })
})
