import assert from 'node:assert/strict'
import { createHash, createPrivateKey, ECDH, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { CURVES, HASH_NAMES, type WeierstrassCurve } from '../../../src/contract/algorithms.ts'
import { deriveByEcdh } from '../../../src/crypto/ecdh.ts'
import { fails } from '../../support/errors.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const base64url = (text: string): string => hex(text).toString('base64url')

/** RFC 5903 §8.1: the 256-bit random ECP group. */
const RFC_5903 = {
  i: 'C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433',
  gix: 'DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180',
  giy: '5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3',
  grx: 'D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63',
  gry: '56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB',
  girx: 'D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE',
} as const

const initiator = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    d: base64url(RFC_5903.i),
    x: base64url(RFC_5903.gix),
    y: base64url(RFC_5903.giy),
  },
})
const responder = hex(`04${RFC_5903.grx}${RFC_5903.gry}`)
const secret = hex(RFC_5903.girx)

const derive = (
  key: KeyObject,
  point: Buffer,
  bytes: number,
  { kdf = 'none', curve = 'secp256r1', info }: Options = {},
) =>
  deriveByEcdh(
    key,
    curve,
    {
      name: 'ecdh',
      kdf,
      'public-point': point,
      ...(info && { 'shared-info': info }),
    },
    bytes,
  )
type Options = {
  readonly kdf?: Parameters<typeof deriveByEcdh>[2]['kdf']
  readonly curve?: WeierstrassCurve
  readonly info?: Buffer
}

suite('ECDH', () => {
  test('as in RFC 5903 §8.1; the front of it goes first', async () => {
    assert.deepEqual(await derive(initiator, responder, 32), secret)
    assert.deepEqual(await derive(initiator, responder, 16), secret.subarray(16))
  })

  test('the point may stand in a DER OCTET STRING', async () => {
    assert.deepEqual(await derive(initiator, Buffer.concat([hex('0441'), responder]), 32), secret)
  })

  test('the KDF of X9.63 counts from 1 and takes the shared info last', async () => {
    for (const hash of HASH_NAMES) {
      const info = Buffer.from('info')
      const block = (count: number) =>
        createHash(hash)
          .update(secret)
          .update(Buffer.from([0, 0, 0, count]))
          .update(info)
          .digest()
      const expected = Buffer.concat([1, 2, 3, 4, 5].map(block)).subarray(0, 77)
      assert.deepEqual(await derive(initiator, responder, 77, { kdf: `x963-${hash}`, info }), expected)
    }
  })

  test('the KDF does without shared info', async () => {
    const derived = await derive(initiator, responder, 16, { kdf: 'x963-sha256' })
    const expected = createHash('sha256').update(secret).update(hex('00000001')).digest().subarray(0, 16)
    assert.deepEqual(derived, expected)
  })

  test('both sides agree, on every curve', async () => {
    for (const [curve, { openssl, fieldBytes }] of Object.entries(CURVES) as [
      WeierstrassCurve,
      (typeof CURVES)[WeierstrassCurve],
    ][]) {
      const [one, other] = [pair(openssl), pair(openssl)]
      const options = { curve }
      assert.deepEqual(
        await derive(one.key, other.point(fieldBytes), fieldBytes, options),
        await derive(other.key, one.point(fieldBytes), fieldBytes, options),
      )
    }
  })

  test('a point may be compressed, and in a DER OCTET STRING', async () => {
    const point = ECDH.convertKey(responder, 'prime256v1', undefined, undefined, 'compressed') as Buffer
    const plain = await derive(initiator, responder, 32)
    for (const given of [
      point,
      Buffer.concat([hex('0421'), point]),
      Buffer.concat([hex('0441'), responder]),
    ]) {
      assert.deepEqual(await derive(initiator, given, 32), plain)
    }
  })

  test('what is no point of the curve is refused', async () => {
    const off = Buffer.from(responder)
    off.writeUInt8(off.readUInt8(64) ^ 1, 64)
    const noX = Buffer.concat([hex('02'), Buffer.alloc(32, 0xff)])
    const hybrid = Buffer.concat([hex('06'), responder.subarray(1)])
    const wrongLength = Buffer.concat([hex('0440'), responder])
    for (const point of [
      off,
      noX,
      hybrid,
      hex('0400'),
      hex('040100'),
      wrongLength,
      hex('00'),
      Buffer.alloc(0),
      Buffer.alloc(65, 4),
    ]) {
      await assert.rejects(derive(initiator, point, 32), fails('invalid-data', /^public-point is not/))
    }
  })

  test('without a KDF there is no more than a coordinate, and nothing to mix in', async () => {
    await assert.rejects(derive(initiator, responder, 33), fails('invalid-attribute', /at most 32/))
    await assert.rejects(
      derive(initiator, responder, 32, { info: Buffer.from('x') }),
      fails('invalid-mechanism'),
    )
  })
})

function pair(namedCurve: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return {
    key: privateKey,
    point: (fieldBytes: number) =>
      publicKey.export({ type: 'spki', format: 'der' }).subarray(-(1 + 2 * fieldBytes)),
  }
}
