/** GnuTLS: p11tool and certtool, as bob with keys that alice shares with him. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { fails, needs, type RunOptions, run, succeeds } from './commands.ts'
import { payments, pin, shows } from './payments.ts'

suite('p11tool and certtool', needs('p11tool', 'certtool'), () => {
  const company = payments()

  const file = (name: string) => join(company.home().root, name)
  const options = (person: string): RunOptions => ({ env: { ...company.env(), GNUTLS_PIN: pin(person) } })
  const p11tool = (...words: readonly string[]) => [
    'p11tool',
    ...['--provider', company.module(), '--login'],
    ...words,
  ]
  const uri = (label: string, type: string) => `pkcs11:token=strongroom;object=${label};type=${type}`

  /** A certificate over a key of the HSM's, signed by that key. */
  async function certificate(t: TestContext, label: string): Promise<X509Certificate> {
    const template = file('template')
    writeFileSync(template, `cn = "${label}"\nserial = 7\nexpiration_days = 30\nsigning_key\n`)
    const keys = ['--load-privkey', uri(label, 'private'), '--load-pubkey', uri(label, 'public')]
    const out = ['--template', template, '--outfile', file('certificate')]
    const words = ['certtool', '--provider', company.module(), '--generate-self-signed', ...keys, ...out]
    await succeeds(t, words, options('bob'))
    return new X509Certificate(readFileSync(file('certificate')))
  }

  test('lists what is shared and what is public', async (t) => {
    await company.generateRsa('seen')
    const before = await succeeds(t, p11tool('--list-all', 'pkcs11:token=strongroom'), options('bob'))
    assert.match(before, /object=seen;type=public/)
    assert.doesNotMatch(before, /object=seen;type=private/)
    await company.share('seen')
    const after = await succeeds(t, p11tool('--list-privkeys', 'pkcs11:token=strongroom'), options('bob'))
    assert.match(after, /object=seen;type=private\n\s+Type: Private key \(RSA-2048\)/)
  })

  test('keys that it generates are right in key list', async (t) => {
    const rsa = ['--generate-privkey=rsa', '--bits=2048', '--label=gnu-rsa', '--outfile', file('rsa.pub')]
    await succeeds(t, p11tool(...rsa, 'pkcs11:token=strongroom'), options('bob'))
    const ec = [
      '--generate-privkey=ecdsa',
      '--curve=secp256r1',
      '--label=gnu-ec',
      '--outfile',
      file('ec.pub'),
    ]
    await succeeds(t, p11tool(...ec, 'pkcs11:token=strongroom'), options('bob'))
    for (const [label, type] of Object.entries({ 'gnu-rsa': 'rsa', 'gnu-ec': 'ec' })) {
      const { 'private-key': key } = await company.keys('bob', label)
      shows(key, { 'key-type': type, sign: true, token: true, sensitive: true })
    }
  })

  test('signs with a shared key, on the token and in a certificate, and no longer when it is unshared', async (t) => {
    const generate = { pay: company.generateRsa, 'pay-ec': company.generateEc }
    for (const [label, generated] of Object.entries(generate)) {
      await generated(label)
      await company.share(label)
      const tried = await run(t, p11tool('--test-sign', uri(label, 'private')), options('bob'))
      assert.equal(tried.exit, 0)
      assert.match(tried.stderr, /Verifying against public key in the token\.\.\. ok/)
      const made = await certificate(t, label)
      assert.equal(made.subject, `CN=${label}`)
      assert.ok(made.verify(made.publicKey))
      await company.unshare(label)
      await fails(t, p11tool('--test-sign', uri(label, 'private')), options('bob'))
      await assert.rejects(certificate(t, label), /error/)
    }
  })

  test('keeps a certificate', async (t) => {
    await company.generateEc('kept')
    await company.share('kept')
    await certificate(t, 'kept')
    const write = ['--write', '--load-certificate', file('certificate'), '--label=kept', '--id=aa']
    await succeeds(t, p11tool(...write, 'pkcs11:token=strongroom'), options('bob'))
    const listed = await succeeds(t, p11tool('--list-all-certs', 'pkcs11:token=strongroom'), options('bob'))
    assert.match(listed, /id=%AA;object=kept;type=cert/)
    const exported = await succeeds(t, p11tool('--export', uri('kept', 'cert')), options('bob'))
    assert.equal(new X509Certificate(exported).subject, 'CN=kept')
  })
})
