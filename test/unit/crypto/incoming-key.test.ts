import assert from 'node:assert/strict'
import { createPublicKey, ECDH, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import type { KeyTypeClass } from '../../../src/contract/wrapping.ts'
import { readIncomingKey } from '../../../src/crypto/incoming-key.ts'
import { fails } from '../../support/errors.ts'

const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pkcs8 = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' })

/** A public RSA key of any numbers: OpenSSL reads it whatever they are. */
function rsa(bits: number, exponent: string): Buffer {
  const modulus = randomBytes(bits / 8)
  modulus[0] = 0xc0
  modulus[modulus.length - 1] = 1
  const e = Buffer.from(exponent, 'hex').toString('base64url')
  return spki(createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: modulus.toString('base64url'), e } }))
}

/** The same public key with its point compressed (SEC 1 §2.3.3). */
function compressed(key: KeyObject): Buffer {
  const point = ECDH.convertKey(spki(key).subarray(-65), 'prime256v1', undefined, undefined, 'compressed')
  const head = '3039301306072a8648ce3d020106082a8648ce3d030107032200'
  return Buffer.concat([Buffer.from(head, 'hex'), Buffer.from(point)])
}

suite('keys from outside', () => {
  for (const exponent of ['03', '010001', 'ffffffff']) {
    test(`a public RSA key with the exponent ${exponent}`, () => {
      const key = readIncomingKey('rsa-public', rsa(2048, exponent), 'The key')
      assert.deepEqual(key.rsa?.publicExponent, `0x${exponent}`)
    })
  }

  const modulus = /^The key must have a modulus of 2048 to 4096 bits$/
  const odd = /^The key must have an odd public exponent of 3 to 2\^32 - 1$/
  const curve = /^The key is not an EC key on a curve that is supported$/
  const refused: readonly (readonly [string, KeyTypeClass, Buffer, RegExp])[] = [
    ['a small RSA key', 'rsa-public', rsa(2040, '010001'), modulus],
    ['a large RSA key', 'rsa-public', rsa(4104, '010001'), modulus],
    ['an even exponent', 'rsa-public', rsa(2048, '010000'), odd],
    ['an exponent of 1', 'rsa-public', rsa(2048, '01'), odd],
    ['a large exponent', 'rsa-public', rsa(2048, '0100000001'), odd],
    ['an EC key as RSA', 'rsa-public', spki(EC.publicKey), /^The key is not an RSA key$/],
    ['an RSA key as EC', 'ec-public', rsa(2048, '010001'), /^The key is not an EC key$/],
    ['a private key as public', 'ec-public', pkcs8(EC.privateKey), /^The key is not an EC key$/],
    ['a public key as private', 'ec-private', spki(EC.publicKey), /^The key is not an EC key$/],
    ['nothing', 'ec-public', Buffer.alloc(0), /^The key is not an EC key$/],
    ['another curve', 'ec-public', spki(generateKeyPairSync('ec', { namedCurve: 'P-192' }).publicKey), curve],
    ['a curve of its own', 'ec-public', spki(generateKeyPairSync('ed448').publicKey), /is not an EC key$/],
    ['a compressed point', 'ec-public', compressed(EC.publicKey), /not an uncompressed point on secp256r1$/],
    ['15 bytes of AES', 'aes', randomBytes(15), /^The key must be 16, 24 or 32 bytes$/],
    ['16 bytes of DES', 'des3', randomBytes(16), /^The key must be /],
    ['a long secret', 'generic-secret', randomBytes(801), /^The key must be 1 to 800 bytes$/],
  ]
  for (const [what, name, bytes, message] of refused) {
    test(`${what}: refused`, () => {
      assert.throws(() => readIncomingKey(name, bytes, 'The key'), fails('invalid-data', message))
    })
  }

  test('a private key that is not that of its public half', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const mixed = pkcs8(EC.privateKey)
    spki(other.publicKey)
      .subarray(-65)
      .copy(mixed, mixed.length - 65)
    const belong = /^The key is not a key whose numbers belong together$/
    assert.throws(() => readIncomingKey('ec-private', mixed, 'The key'), fails('invalid-data', belong))
  })
})
