import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { type PublicClass, readPublicPem } from '../../../src/cli/commands/key/public-pem.ts'
import { fails } from '../../support/errors.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const ED25519 = generateKeyPairSync('ed25519')
const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const der = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const read = (content: string | Buffer, name: PublicClass = 'ec-public') =>
  readPublicPem(Buffer.from(content), name, 'key.pem')

const PKCS1 = RSA.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const EC_PEM = spki(EC.publicKey)

suite('public keys in PEM files', () => {
  test('SubjectPublicKeyInfo and RSAPublicKey, with what may stand around them', () => {
    assert.deepEqual(read(EC_PEM), der(EC.publicKey))
    assert.deepEqual(read(spki(ED25519.publicKey)), der(ED25519.publicKey))
    assert.deepEqual(read(spki(RSA.publicKey), 'rsa-public'), der(RSA.publicKey))
    assert.deepEqual(read(PKCS1, 'rsa-public'), der(RSA.publicKey))
    assert.deepEqual(read(`subject: me\r\n${EC_PEM.replaceAll('\n', '\r\n')}\r\n-- \r\n`), der(EC.publicKey))
    assert.deepEqual(read(EC_PEM.trimEnd()), der(EC.publicKey))
  })

  const privatePem = (format: 'pkcs8' | 'sec1') =>
    EC.privateKey.export({ type: format, format: 'pem' }).toString()
  const encrypted = RSA.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const mlDsa = spki(generateKeyPairSync('ml-dsa-44').publicKey)
  const ed448 = spki(generateKeyPairSync('ed448').publicKey)
  const pss = spki(generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey)
  const offCurve = der(EC.publicKey)
  offCurve.writeUInt8(offCurve.readUInt8(offCurve.length - 1) ^ 1, offCurve.length - 1)
  const infinity = Buffer.from('3019301306072a8648ce3d020106082a8648ce3d03010703020000', 'hex')
  const armoured = (content: Buffer, label = 'PUBLIC KEY') =>
    `-----BEGIN ${label}-----\n${content.toString('base64')}\n-----END ${label}-----\n`

  const refused: readonly (readonly [string, string | Buffer, RegExp, PublicClass?])[] = [
    ['nothing', '', /is not a PEM file$/],
    ['text', 'the quick brown fox', /is not a PEM file$/],
    ['DER', der(EC.publicKey), /is not a PEM file$/],
    ['a block without an end', EC_PEM.replace(/-----END.*/, ''), /is not a PEM file$/],
    ['a block with another end', EC_PEM.replace('END PUBLIC', 'END RSA PUBLIC'), /is not a PEM file$/],
    ['line feeds without end', `-----BEGIN A-----${'\n'.repeat(65_000)}`, /is not a PEM file$/],
    ['many beginnings', '-----BEGIN A-----\n'.repeat(3_600), /is not a PEM file$/],
    ['two keys', EC_PEM + EC_PEM, /has more than one PEM block$/],
    ['a private key', privatePem('pkcs8'), /only public keys can be imported$/],
    ['a private key of the old kind', privatePem('sec1'), /only public keys can be imported$/],
    ['an encrypted private key', encrypted, /only public keys can be imported$/],
    ['a private key behind a public one', EC_PEM + privatePem('pkcs8'), /only public keys can be imported$/],
    ['a certificate', armoured(Buffer.of(48, 0), 'CERTIFICATE'), /its PEM label is CERTIFICATE$/],
    ['a label of Object.prototype', armoured(Buffer.of(48, 0), 'constructor'), /PEM label is constructor$/],
    ['a long label', armoured(Buffer.of(48, 0), 'A'.repeat(999)), /PEM label is A{100}…$/],
    ['an EC key that is said to be RSA', EC_PEM, /is not an RSA public key$/, 'rsa-public'],
    ['an RSA key that is said to be EC', PKCS1, /is not an EC or Ed25519 public key$/],
    ['the point at infinity', armoured(infinity), /is not an EC or Ed25519 public key$/],
    ['an RSA key for PSS only', pss, /is not an RSA public key$/, 'rsa-public'],
    ['an ML-DSA key', mlDsa, /is not an EC or Ed25519 public key$/],
    ['an Ed448 key', ed448, /is not an EC or Ed25519 public key$/],
    ['not base64', EC_PEM.replace('M', '*'), /is not an EC or Ed25519 public key$/],
    ['a point that is not on the curve', armoured(offCurve), /is not an EC or Ed25519 public key$/],
    ['an empty block', armoured(Buffer.alloc(0)), /is not an EC or Ed25519 public key$/],
    [
      'PKCS #1 under the other label',
      PKCS1.replaceAll('RSA PUBLIC', 'PUBLIC'),
      /is not an RSA/,
      'rsa-public',
    ],
  ]
  for (const [what, content, message, name] of refused) {
    test(`${what}: refused`, () => {
      assert.throws(() => read(content, name), fails('invalid-data', message))
      assert.throws(() => read(content, name), fails('invalid-data', /^--path: key\.pem /))
    })
  }

  test('what follows the key in its block is left out', () => {
    const more = armoured(Buffer.concat([der(EC.publicKey), Buffer.from('more')]))
    assert.deepEqual(read(more), der(EC.publicKey))
  })
})
