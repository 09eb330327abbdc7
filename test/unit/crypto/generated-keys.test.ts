import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { CURVES, type WeierstrassCurve } from '../../../src/contract/algorithms.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { generateEcPair, generateRsaPair } from '../../../src/crypto/key-pairs.ts'
import {
  ecFacts,
  publicCheckValue,
  publicKeyLength,
  rsaFacts,
  toPem,
} from '../../../src/crypto/public-facts.ts'
import { generateSecret } from '../../../src/crypto/secret-keys.ts'
import { toHex } from '../../../src/model/octets.ts'

/** Lengths as CloudHSM shows them: PKCS #8 DER of the private key, point of the public key. */
const EC_LENGTHS = {
  secp224r1: { pkcs8: 122, point: 57, header: '0439' },
  secp256r1: { pkcs8: 138, point: 65, header: '0441' },
  secp256k1: { pkcs8: 135, point: 65, header: '0441' },
  secp384r1: { pkcs8: 185, point: 97, header: '0461' },
  secp521r1: { pkcs8: 241, point: 133, header: '048185' },
} satisfies Record<WeierstrassCurve, object>
const CURVE_LIST = Object.keys(CURVES) as WeierstrassCurve[]

const isInvalidData = (error: unknown) => error instanceof HsmError && error.code === 'invalid-data'

for (const curve of CURVE_LIST) {
  test(`an EC pair on ${curve} has the lengths and the point that a CloudHSM shows`, async () => {
    const { spki, pkcs8 } = await generateEcPair(curve)
    const { pkcs8: privateLength, point, header } = EC_LENGTHS[curve]
    assert.equal(pkcs8.length, privateLength)
    assert.equal(publicKeyLength(curve, spki), point)
    const facts = ecFacts(spki, curve)
    assert.equal(facts.curve, curve)
    assert.equal(toHex(facts.ecPoint), `0x${header}${spki.subarray(-point).toString('hex')}`)
    assert.match(toHex(facts.ecPoint), new RegExp(`^0x${header}04`))
    assert.deepEqual(publicHalf(pkcs8), spki)
  })
}

for (const [bits, exponent, printed] of [
  [2048, 65_537, '0x010001'],
  [2304, 4_294_967_295, '0xffffffff'],
] as const) {
  test(`an RSA pair of ${bits} bits with the public exponent ${printed}`, async () => {
    const { spki, pkcs8 } = await generateRsaPair(bits, exponent)
    const facts = rsaFacts(spki)
    assert.equal(facts.publicExponent, printed)
    assert.equal(facts.modulusSizeBits, bits)
    // The highest bit of the modulus is set, and no zero stands before it.
    assert.match(toHex(facts.modulus), /^0x[89a-f]/)
    assert.equal(toHex(facts.modulus).length, 2 + bits / 4)
    assert.equal(publicKeyLength('rsa', spki), bits / 4)
    assert.deepEqual(publicHalf(pkcs8), spki)
  })
}

test('the PKCS #8 of an RSA-2048 key is 1216 to 1219 bytes long', async () => {
  const { pkcs8 } = await generateRsaPair(2048, 65_537)
  assert.ok(pkcs8.length >= 1216 && pkcs8.length <= 1219, `${pkcs8.length}`)
})

test('PEM holds the key to the byte, in lines of 64', async () => {
  const { spki } = await generateEcPair('secp384r1')
  const lines = toPem(spki).split('\n')
  assert.equal(lines.shift(), '-----BEGIN PUBLIC KEY-----')
  assert.equal(lines.pop(), '')
  assert.equal(lines.pop(), '-----END PUBLIC KEY-----')
  assert.ok(lines.every((line) => line.length <= 64))
  assert.equal(lines.join(''), spki.toString('base64'))
})

test('check values differ from key to key', async () => {
  const pairs = await Promise.all([generateEcPair('secp256r1'), generateEcPair('secp256r1')])
  const [one, two] = pairs.map(({ spki }) => publicCheckValue(spki))
  assert.match(one ?? '', /^0x[0-9a-f]{6}$/)
  assert.notEqual(one, two)
})

test('facts are refused for what is not such a key', async () => {
  const { spki: p256 } = await generateEcPair('secp256r1')
  const { spki: k256 } = await generateEcPair('secp256k1')
  const { spki: rsa } = await generateRsaPair(2048, 65_537)
  const offCurve = Buffer.from(p256)
  offCurve[60] = (offCurve[60] ?? 0) ^ 1
  const explicit = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    paramEncoding: 'explicit',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  }).publicKey
  for (const spki of [k256, rsa, offCurve, explicit, Buffer.concat([p256, Buffer.of(0)]), Buffer.alloc(91)]) {
    assert.throws(() => ecFacts(spki, 'secp256r1'), isInvalidData)
  }
  for (const spki of [rsa, offCurve, explicit, Buffer.alloc(0)]) {
    assert.throws(() => publicKeyLength('secp256r1', spki), isInvalidData)
  }
  for (const spki of [p256, rsa.subarray(1), Buffer.alloc(0)]) {
    assert.throws(() => rsaFacts(spki), isInvalidData)
    assert.throws(() => publicKeyLength('rsa', spki), isInvalidData)
  }
  assert.throws(() => toPem(Buffer.from('no key')), isInvalidData)
})

test('secrets have the length asked for and are never the same', () => {
  for (const bytes of [1, 16, 24, 32, 800])
    assert.equal(generateSecret('generic-secret', bytes).length, bytes)
  assert.notDeepEqual(generateSecret('aes', 32), generateSecret('aes', 32))
})

test('every byte of a triple DES key has an odd number of ones', () => {
  const ones = (byte: number) => byte.toString(2).replaceAll('0', '').length
  assert.ok([...generateSecret('des3', 24)].every((byte) => ones(byte) % 2 === 1))
})

function publicHalf(pkcs8: Buffer): Buffer {
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}
