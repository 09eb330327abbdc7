import assert from 'node:assert/strict'
import { ECDH, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { bitString, octetString, sequence, unsigned } from '../../../src/base/der.ts'
import type { KeyTypeClass } from '../../../src/contract/key-type-classes.ts'
import { readIncomingKey } from '../../../src/crypto/incoming-key.ts'
import { generateEcPair } from '../../../src/crypto/key-pairs.ts'
import { fails } from '../../support/errors.ts'

const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pkcs8 = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' })
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** A public RSA key of any numbers: OpenSSL reads it whatever they are. */
const rsa = (modulus: Buffer, exponent: string): Buffer =>
  Buffer.from(
    sequence(
      sequence(hex('06092a864886f70d010101'), hex('0500')),
      bitString(sequence(unsigned(modulus), unsigned(hex(exponent)))),
    ),
  )
const MODULUS = Buffer.from(RSA.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')
const ofBits = (bits: number): Buffer => {
  const modulus = randomBytes(bits / 8)
  modulus[0] = 0xc0
  modulus[modulus.length - 1] = 1
  return modulus
}
const even = Buffer.from(MODULUS)
even[255] = (even[255] ?? 0) & 0xfe
/** A multiple of 3. */
const thrice = hex(
  (((BigInt(`0x${MODULUS.toString('hex')}`) / 3n) | 1n) * 3n).toString(16).padStart(512, '0'),
)

/** The private key with one of its numbers changed. */
function spoiled(name: 'd' | 'p' | 'dp' | 'dq' | 'qi'): Buffer {
  const whole = pkcs8(RSA.privateKey)
  const number = Buffer.from(RSA.privateKey.export({ format: 'jwk' })[name] ?? '', 'base64url')
  const at = whole.indexOf(number) + number.length - 9
  whole[at] = (whole[at] ?? 0) ^ 2
  return whole
}

const P256 = '06082a8648ce3d030107'
const ecPublic = (point: Uint8Array, curve = P256): Buffer =>
  Buffer.from(sequence(sequence(hex('06072a8648ce3d0201'), hex(curve)), bitString(point)))
const ecPrivate = (scalar: string): Buffer =>
  Buffer.from(
    sequence(
      unsigned(hex('00')),
      sequence(hex('06072a8648ce3d0201'), hex(P256)),
      octetString(sequence(unsigned(hex('01')), octetString(hex(scalar)))),
    ),
  )
const edPublic = (point: string): Buffer => hex(`302a300506032b6570032100${point}`)
const explicit = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })

/** The inner sequence's length in two bytes. */
function longLengths(key: Buffer): Buffer {
  const algorithm = key.subarray(2, 2 + 21)
  const oid = algorithm.subarray(2, 11)
  const long = Buffer.concat([hex('30140681'), oid.subarray(1), algorithm.subarray(11)])
  return Buffer.concat([hex('305a'), long, key.subarray(23)])
}

const POINT = spki(EC.publicKey).subarray(-65)
const convert = (format: 'compressed' | 'hybrid') =>
  ECDH.convertKey(POINT, 'prime256v1', undefined, undefined, format) as Buffer
const off = Buffer.from(POINT)
off[64] = (off[64] ?? 0) ^ 1
const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63255'

suite('keys from outside', () => {
  for (const exponent of ['03', '010001', 'ffffffff']) {
    test(`a public RSA key with the exponent ${exponent}`, async () => {
      const key = await readIncomingKey('rsa-public', rsa(MODULUS, exponent), 'The key')
      assert.deepEqual(key.rsa?.publicExponent, `0x${exponent}`)
    })
  }

  for (const name of ['rsa', 'ec'] as const) {
    test(`a pair of type ${name} is kept as OpenSSL writes it`, async () => {
      const { publicKey, privateKey } = name === 'rsa' ? RSA : EC
      const own = await readIncomingKey(`${name}-private`, pkcs8(privateKey), 'The key')
      const other = await readIncomingKey(`${name}-public`, spki(publicKey), 'The key')
      assert.deepEqual([own.material, other.material], [pkcs8(privateKey), spki(publicKey)])
      assert.deepEqual([own.rsa, own.ec, own.checkValue], [other.rsa, other.ec, other.checkValue])
    })
  }

  for (const curve of ['secp224r1', 'secp256k1', 'secp384r1', 'secp521r1', 'ed25519'] as const) {
    test(`a pair on ${curve} is kept as one made here`, async () => {
      const made = await generateEcPair(curve)
      assert.deepEqual((await readIncomingKey('ec-private', made.pkcs8, 'it')).material, made.pkcs8)
      assert.deepEqual((await readIncomingKey('ec-public', made.spki, 'it')).material, made.spki)
    })
  }

  test('a compressed point is kept uncompressed, in the private key too', async () => {
    const key = await readIncomingKey('ec-public', ecPublic(convert('compressed')), 'The key')
    assert.deepEqual(key.material, spki(EC.publicKey))
    const sec1 = EC.privateKey.export({ type: 'sec1', format: 'der' })
    const scalar = sec1.subarray(7, 39).toString('hex')
    const own = await readIncomingKey('ec-private', ecPrivate(scalar), 'The key')
    assert.deepEqual(own.material, pkcs8(EC.privateKey))
    const wide = await readIncomingKey('ec-private', ecPrivate(`0000${scalar}`), 'The key')
    assert.deepEqual(wide.material, pkcs8(EC.privateKey))
  })

  const modulus = /^The key must have a modulus of 2048 to 4096 bits$/
  const odd = /^The key must have an odd public exponent of 3 to 2\^32 - 1$/
  const curve = /^The key is not an EC key on a curve that is supported$/
  const noPoint = /^The key must have a point on secp256r1, and none at infinity or of small order$/
  const noEdwards = /^The key must have a point on ed25519/
  const belong = /^The key is not a key whose numbers belong together$/
  const parameters = /^The key has the parameters of its curve in place of a name$/
  const refused: readonly (readonly [string, KeyTypeClass, Buffer, RegExp])[] = [
    ['a small RSA key', 'rsa-public', rsa(ofBits(2040), '010001'), modulus],
    ['a large RSA key', 'rsa-public', rsa(ofBits(4104), '010001'), modulus],
    ['a modulus of 0', 'rsa-public', rsa(hex('00'), '010001'), modulus],
    ['an even modulus', 'rsa-public', rsa(even, '010001'), /^The key must have an odd modulus$/],
    [
      'a modulus with a small factor',
      'rsa-public',
      rsa(thrice, '010001'),
      /not the product of two large primes$/,
    ],
    ['an even exponent', 'rsa-public', rsa(MODULUS, '010000'), odd],
    ['an exponent of 0', 'rsa-public', rsa(MODULUS, '00'), odd],
    ['an exponent without bytes', 'rsa-public', rsa(MODULUS, ''), odd],
    ['an exponent of 1', 'rsa-public', rsa(MODULUS, '01'), odd],
    ['a large exponent', 'rsa-public', rsa(MODULUS, '0100000001'), odd],
    ['an exponent longer than the modulus', 'rsa-public', rsa(MODULUS, '01'.repeat(600)), odd],
    ...(['d', 'p', 'dp', 'dq', 'qi'] as const).map(
      (number) => [`a wrong ${number}`, 'rsa-private', spoiled(number), belong] as const,
    ),
    ['an EC key as RSA', 'rsa-public', spki(EC.publicKey), /^The key is not an RSA key$/],
    ['an RSA key as EC', 'ec-public', spki(RSA.publicKey), /^The key is not an EC key$/],
    ['a private key as public', 'ec-public', pkcs8(EC.privateKey), /^The key is not an EC key$/],
    ['a public key as private', 'ec-private', spki(EC.publicKey), /^The key is not an EC key$/],
    ['nothing', 'ec-public', Buffer.alloc(0), /^The key is not an EC key$/],
    ['bytes behind it', 'rsa-public', Buffer.concat([spki(RSA.publicKey), hex('00')]), /not an RSA key$/],
    ['another curve', 'ec-public', spki(generateKeyPairSync('ec', { namedCurve: 'P-192' }).publicKey), curve],
    ['a curve of its own', 'ec-public', spki(generateKeyPairSync('ed448').publicKey), /is not an EC key$/],
    ['a public key with parameters', 'ec-public', spki(explicit.publicKey), parameters],
    ['a private key with parameters', 'ec-private', pkcs8(explicit.privateKey), parameters],
    ['the point at infinity', 'ec-public', ecPublic(hex('00')), noPoint],
    ['lengths in too many bytes', 'ec-public', longLengths(spki(EC.publicKey)), /^The key is not in DER$/],
    ['a hybrid point', 'ec-public', ecPublic(convert('hybrid')), noPoint],
    ['a point beside the curve', 'ec-public', ecPublic(off), /^The key is not an EC key$/],
    ['bytes that are no point of Ed25519', 'ec-public', edPublic('ff'.repeat(32)), noEdwards],
    ['a point of small order', 'ec-public', edPublic(`01${'00'.repeat(31)}`), noEdwards],
    ['a private number of 0', 'ec-private', ecPrivate('00'.repeat(32)), belong],
    ['the order as private number', 'ec-private', ecPrivate(`${ORDER}1`), belong],
    ['a private number over the order', 'ec-private', ecPrivate(`${ORDER}2`), belong],
    ['a private number too wide', 'ec-private', ecPrivate(`01${'00'.repeat(32)}`), belong],
    ['15 bytes of AES', 'aes', randomBytes(15), /^The key must be 16, 24 or 32 bytes$/],
    ['16 bytes of DES', 'des3', randomBytes(16), /^The key must be /],
    ['a long secret', 'generic-secret', randomBytes(801), /^The key must be 1 to 800 bytes$/],
  ]
  for (const [what, name, bytes, message] of refused) {
    test(`${what}: refused`, async () => {
      await assert.rejects(readIncomingKey(name, bytes, 'The key'), fails('invalid-data', message))
    })
  }

  test('a private key that is not that of its public half', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const mixed = pkcs8(EC.privateKey)
    spki(other.publicKey)
      .subarray(-65)
      .copy(mixed, mixed.length - 65)
    await assert.rejects(readIncomingKey('ec-private', mixed, 'The key'), fails('invalid-data', belong))
  })

  test('a refused key leaves the next one alone', async () => {
    const keys = [spoiled('d'), pkcs8(RSA.privateKey), spoiled('qi'), pkcs8(RSA.privateKey)]
    const read = await Promise.allSettled(keys.map((key) => readIncomingKey('rsa-private', key, 'it')))
    assert.deepEqual(
      read.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected', 'fulfilled'],
    )
  })
})
