/** What a template says is true of the object that is made, or the object is not made. */
import assert from 'node:assert/strict'
import { ECDH, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { elements } from '../../../src/base/der.ts'
import { type Attribute, bytes, mechanism, room, template, ulong, wanted } from '../../support/p11-client.ts'
import { makePki } from '../../support/pki.ts'
import { A, bench, C, CLASS, M, P256, type Program } from './fixture.ts'

const CKR = {
  TYPE: 0x12,
  VALUE: 0x13,
  READ_ONLY: 0x10,
  INCONSISTENT: 0xd1,
  CURVE: 0x140,
  WRAPPED: 0x110,
  PARAMETER: 0x71,
} as const
const KEY = { RSA: 0, EC: 3, GENERIC: 0x10, AES: 0x1f }
const AES_KEY_WRAP = 0x2109
const SUBJECT = 0x101
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const jwk = EC.privateKey.export({ format: 'jwk' })
const SCALAR = Buffer.from(jwk.d ?? '', 'base64url')
const POINT = EC.publicKey.export({ type: 'spki', format: 'der' }).subarray(-65)
const COMPRESSED = ECDH.convertKey(POINT, 'prime256v1', undefined, undefined, 'compressed') as Buffer
const OTHER = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .publicKey.export({ type: 'spki', format: 'der' })
  .subarray(-65)
const EXPLICIT = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
const MODULUS = Buffer.from(RSA.n ?? '', 'base64url')
const EXPONENT = hex('010001')
const VALUE = randomBytes(32)

const ecPublic = (point: Buffer, params: Buffer = P256): readonly Attribute[] => [
  [A.CLASS, CLASS.PUBLIC],
  [A.KEY_TYPE, KEY.EC],
  [A.EC_PARAMS, params],
  [A.EC_POINT, point],
]
const ecPrivate = (scalar: Buffer, ...more: readonly Attribute[]): readonly Attribute[] => [
  [A.CLASS, CLASS.PRIVATE],
  [A.KEY_TYPE, KEY.EC],
  [A.EC_PARAMS, P256],
  [A.VALUE, scalar],
  ...more,
]
const rsaPublic = (
  modulus: Buffer,
  exponent: Buffer,
  ...more: readonly Attribute[]
): readonly Attribute[] => [
  [A.CLASS, CLASS.PUBLIC],
  [A.KEY_TYPE, KEY.RSA],
  [A.MODULUS, modulus],
  [A.PUBLIC_EXPONENT, exponent],
  ...more,
]
const secret = (type: number, ...more: readonly Attribute[]): readonly Attribute[] => [
  [A.CLASS, CLASS.SECRET],
  [A.KEY_TYPE, type],
  ...more,
]
let der: Buffer
const certificate = (...more: readonly Attribute[]): readonly Attribute[] => [
  [A.CLASS, 1],
  [0x80, 0],
  [A.VALUE, der],
  ...more,
]
const even = Buffer.from(MODULUS)
even[255] = (even[255] ?? 0) & 0xfe

suite('templates', () => {
  const shared = bench()
  let program: Program
  let session: ReturnType<typeof ulong>
  before(async () => {
    const pki = await makePki()
    der = new X509Certificate(pki.read('ca.crt')).raw
    pki.remove()
    program = await shared.program({ offered: 2 })
    session = ulong(await program.login())
  })
  const made = async (...attributes: readonly Attribute[]) =>
    (await program.call(C.CreateObject, session, template(...attributes))).numbers[0] ?? 0
  const point = async (handle: number) => {
    const { attributes } = await program.call(
      C.GetAttributeValue,
      session,
      ulong(handle),
      wanted([A.EC_POINT, 200]),
    )
    return attributes[0]?.value
  }
  const countAll = async () =>
    (await program.find(Number(session.bytes(0).readBigUInt64BE()), template())).length

  test('an EC private key: leading zeros of its number, and its own point in every form', async () => {
    const zeros = Buffer.concat([hex('0000'), SCALAR])
    for (const scalar of [SCALAR, zeros]) assert.ok(await made(...ecPrivate(scalar)))
    const inDer = (given: Buffer) => Buffer.concat([Buffer.of(4, given.length), given])
    for (const given of [POINT, COMPRESSED, inDer(POINT), inDer(COMPRESSED)]) {
      assert.ok(await made(...ecPrivate(SCALAR, [A.EC_POINT, given])))
      assert.deepEqual(await point(await made(...ecPublic(given))), inDer(POINT))
    }
  })

  test('what a template says and the value says otherwise, or no key can be', async () => {
    const before = await countAll()
    const rows: readonly (readonly [string, readonly Attribute[], number])[] = [
      ['a number too wide', ecPrivate(Buffer.concat([hex('01'), SCALAR])), CKR.VALUE],
      ['a number of 0', ecPrivate(Buffer.alloc(32)), CKR.VALUE],
      ['no number', ecPrivate(Buffer.alloc(0)), CKR.VALUE],
      ['the point of another key', ecPrivate(SCALAR, [A.EC_POINT, OTHER]), CKR.VALUE],
      ['no point', ecPrivate(SCALAR, [A.EC_POINT, Buffer.alloc(0)]), CKR.VALUE],
      ['the point at infinity', ecPublic(hex('00')), CKR.VALUE],
      ['the point at infinity in DER', ecPublic(hex('040100')), CKR.VALUE],
      ['half a point', ecPublic(POINT.subarray(0, 40)), CKR.VALUE],
      ['parameters of a curve', ecPublic(POINT, explicitParameters()), CKR.CURVE],
      ['an even modulus', rsaPublic(even, EXPONENT), CKR.VALUE],
      ['no exponent', rsaPublic(MODULUS, Buffer.alloc(0)), CKR.VALUE],
      ['an exponent of 0', rsaPublic(MODULUS, hex('00')), CKR.VALUE],
      ['another number of bits', rsaPublic(MODULUS, EXPONENT, [A.MODULUS_BITS, 2040]), CKR.INCONSISTENT],
      ['another length', secret(KEY.AES, [A.VALUE, VALUE], [A.VALUE_LEN, 16]), CKR.INCONSISTENT],
      ['a subject of a secret key', secret(KEY.AES, [A.VALUE, VALUE], [SUBJECT, hex('3000')]), CKR.TYPE],
      ['a certificate with another subject', certificate([SUBJECT, hex('3000')]), CKR.INCONSISTENT],
      ['a certificate with a date', certificate([0x110, Buffer.from('20260101')]), CKR.INCONSISTENT],
      ['a certificate that cannot be changed', certificate([0x170, false]), CKR.INCONSISTENT],
      ['no certificate', [...certificate().slice(0, 2), [A.VALUE, hex('3003020100')]], CKR.VALUE],
    ]
    for (const [name, attributes, refusal] of rows) {
      assert.equal(await program.refusal(C.CreateObject, session, template(...attributes)), refusal, name)
    }
    assert.equal(await countAll(), before)
  })

  test('the serial number of a certificate: in DER, or bare', async () => {
    const serial = memberOf(der, 1)
    for (const given of [serial, serial.subarray(2), Buffer.alloc(0)]) {
      assert.ok(await made(...certificate([0x82, given])))
    }
    const other = template(...certificate([0x82, serial.subarray(3)]))
    assert.equal(await program.refusal(C.CreateObject, session, other), CKR.INCONSISTENT)
  })

  test('the same values where they are right', async () => {
    assert.ok(await made(...rsaPublic(Buffer.concat([hex('00'), MODULUS]), EXPONENT, [A.MODULUS_BITS, 2048])))
    assert.ok(await made(...secret(KEY.AES, [A.VALUE, VALUE], [A.VALUE_LEN, 32])))
    assert.ok(await made(...certificate([SUBJECT, subjectOf(der)], [0x170, true], [0x110, Buffer.alloc(0)])))
  })

  test('a key unwraps with the length that its template says', async () => {
    const kek = ulong(await made(...secret(KEY.AES, [A.VALUE, VALUE], [A.WRAP, true], [A.UNWRAP, true])))
    const payload = ulong(await made(...secret(KEY.AES, [A.VALUE, VALUE], [A.EXTRACTABLE, true])))
    const how = mechanism(AES_KEY_WRAP)
    const wrapped = await program.call(C.WrapKey, session, how, kek, payload, room(100))
    const unwrap = (type: number, ...more: readonly Attribute[]) =>
      program.refusal(
        C.UnwrapKey,
        session,
        how,
        kek,
        bytes(wrapped.bytes),
        template(...secret(type, ...more)),
      )
    assert.equal(await unwrap(KEY.AES, [A.VALUE_LEN, 32]), 0)
    for (const type of [KEY.AES, KEY.GENERIC]) {
      assert.equal(await unwrap(type, [A.VALUE_LEN, 16]), CKR.WRAPPED)
      assert.equal(await unwrap(type, [A.VALUE_LEN, 0]), CKR.VALUE)
    }
    const ec = template([A.CLASS, CLASS.PRIVATE], [A.KEY_TYPE, KEY.EC], [A.VALUE_LEN, 32])
    assert.equal(await program.refusal(C.UnwrapKey, session, how, kek, bytes(wrapped.bytes), ec), CKR.TYPE)
  })

  test('a pair is made with the parameters of its type and no others', async () => {
    const pair = (type: number, ...more: readonly Attribute[]) =>
      program.refusal(C.GenerateKeyPair, session, mechanism(type), template(...more), template())
    assert.equal(await pair(M.EC_GEN, [A.EC_PARAMS, P256]), 0)
    assert.equal(await pair(M.EC_GEN, [A.EC_PARAMS, P256], [A.MODULUS_BITS, 2048]), CKR.READ_ONLY)
    assert.equal(await pair(M.EC_GEN, [A.EC_PARAMS, explicitParameters()]), CKR.CURVE)
    const rsa = [A.MODULUS_BITS, 2048] as const
    assert.equal(await pair(M.RSA_KEY_PAIR_GEN, rsa, [A.EC_PARAMS, P256]), CKR.READ_ONLY)
  })
})

/** ECParameters with the numbers of the curve: the second member of the algorithm. */
function explicitParameters(): Buffer {
  const spki = EXPLICIT.publicKey.export({ type: 'spki', format: 'der' })
  const at = spki.indexOf(hex('06072a8648ce3d0201')) + 9
  return spki.subarray(at, at + 4 + spki.readUInt16BE(at + 2))
}

/** RFC 5280 §4.1: behind version, serial number, signature, issuer and validity. */
const subjectOf = (certificate: Buffer): Uint8Array => memberOf(certificate, 5)

function memberOf(certificate: Buffer, index: number): Uint8Array {
  const [whole] = elements(certificate) ?? []
  const [signed] = elements(whole?.content ?? certificate) ?? []
  return (elements(signed?.content ?? certificate) ?? [])[index]?.whole ?? certificate
}
