import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import { belongTogether, certificateProblem, privateKeyProblem } from '../../../src/base/pem.ts'
import { authority, identity } from '../server/fixture.ts'

const { cert, key } = identity
const DER = new X509Certificate(cert).raw
const damaged = (pem: string) => pem.replace(/\n(.{10})/, '\nAAAAAAAAAA')

suite('files with certificates and keys', () => {
  test('what a certificate is not', () => {
    for (const [file, problem] of [
      [cert, undefined],
      [`the HSM\n${cert}and its CA\r\n${authority.cert}`, undefined],
      [cert.replaceAll('\n', '\r\n'), undefined],
      ['', 'it is empty'],
      [' \n', 'it is empty'],
      [DER, 'it is DER, and PEM is needed'],
      [key, 'it is a private key, not a certificate'],
      ['certificate', 'there is no certificate in it'],
      [cert.slice(0, 200), 'there is no certificate in it'],
      [damaged(cert), 'a certificate in it is damaged'],
      [cert + damaged(cert), 'a certificate in it is damaged'],
    ] as const) {
      assert.equal(certificateProblem(Buffer.from(file as string)), problem, String(file))
    }
  })

  test('what a private key is not', () => {
    const parsed = createPrivateKey(key)
    const sealed = parsed.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
    for (const [file, problem] of [
      [key, undefined],
      [parsed.export({ format: 'pem', type: 'sec1' }), undefined],
      ['', 'it is empty'],
      [parsed.export({ format: 'der', type: 'pkcs8' }), 'it is DER, and PEM is needed'],
      [cert, 'it is a certificate, not a private key'],
      [sealed, 'its private key is protected by a passphrase'],
      [damaged(key), 'its private key is damaged'],
    ] as const) {
      assert.equal(privateKeyProblem(Buffer.from(file as string)), problem, String(file))
    }
  })

  test('a key is of one certificate', () => {
    assert.ok(belongTogether(Buffer.from(cert), Buffer.from(key)))
    assert.equal(belongTogether(Buffer.from(authority.cert), Buffer.from(key)), false)
  })
})
