/** Programs of a user whose neighbour gives keys and certificates the same labels and ids, of types they cannot use, too. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ENGINE, engineEnv } from './certificates.ts'
import { needs, succeeds } from './commands.ts'
import { payments, pin } from './payments.ts'

suite('neighbours', needs('pkcs11-tool', 'openssl', 'certtool', 'p11tool', ENGINE), () => {
  const company = payments()
  const owner = { after }
  let directory: string
  const path = (name: string) => join(directory, name)
  const env = () => ({ ...engineEnv(company), GNUTLS_PIN: pin('bob') })
  const tool = (...words: readonly string[]) =>
    succeeds(owner, ['pkcs11-tool', '--module', company.module(), ...words], { env: env() })
  const as = (person: string, ...words: readonly string[]) => tool('--login', '--pin', pin(person), ...words)

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'strongroom-neighbours-'))
    writeFileSync(path('message'), 'a payment of thirty-two bytes...')
    for (const person of ['alice', 'bob']) {
      await as(person, '--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'mine', '--id', '02')
      const der = path(`${person}.der`)
      const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-outform', 'DER', '-out', der]
      await succeeds(owner, ['openssl', 'req', '-x509', ...made, '-subj', `/CN=${person}`])
      await as(person, '--write-object', der, '--type', 'cert', '--label', 'mine', '--id', '02')
    }
    const shared = ['--share-crypto-users', 'bob']
    const labels = ['--public-label', 'mine', '--private-label', 'mine']
    const ids = ['--public-attributes', 'id=0x02', '--private-attributes', 'id=0x02', 'sign=true']
    const pair = ['key', 'generate-asymmetric-pair'] as const
    await company.cli('alice', ...pair, 'ec', '--curve', 'ed25519', ...labels, ...ids, ...shared)
    const mlDsa = ['ml-dsa', '--mldsa-algorithm', 'ML-DSA-44']
    await company.cli('alice', ...pair, ...mlDsa, ...labels, ...ids, ...shared)
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  const readPublicKey = () =>
    as('bob', '--read-object', '--type', 'pubkey', '--id', '02', '--output-file', path('public.der'))

  test('pkcs11-tool reads the own public key and certificate, and verifies what it has signed', async () => {
    await readPublicKey()
    const [input, signature] = [path('message'), path('signature')]
    const how = ['--mechanism', 'ECDSA', '--id', '02', '--signature-format', 'openssl', '--input-file', input]
    await as('bob', '--sign', ...how, '--output-file', signature)
    const files = ['-inkey', path('public.der'), '-keyform', 'DER', '-in', input, '-sigfile', signature]
    await succeeds(owner, ['openssl', 'pkeyutl', '-verify', '-pubin', ...files])
    assert.match(await as('bob', '--verify', ...how, '--signature-file', signature), /Signature is valid/)
    await as('bob', '--read-object', '--type', 'cert', '--id', '02', '--output-file', path('found.der'))
    const shown = ['openssl', 'x509', '-inform', 'DER', '-noout', '-subject', '-in', path('found.der')]
    assert.match(await succeeds(owner, shown), /CN ?= ?bob/)
  })

  test('certtool makes a request that passes its own check', async () => {
    writeFileSync(path('template'), 'cn = "bob"\nsigning_key\n')
    const key = ['--load-privkey', 'pkcs11:token=strongroom;id=%02;type=private']
    const files = ['--template', path('template'), '--outfile', path('request')]
    const pub = ['--load-pubkey', 'pkcs11:token=strongroom;id=%02;type=public']
    const words = ['certtool', '--provider', company.module(), '--generate-request', ...key, ...pub, ...files]
    await succeeds(owner, words, { env: env() })
    await succeeds(owner, ['openssl', 'req', '-verify', '-noout', '-in', path('request')])
  })

  test('OpenSSL’s engine signs, whatever keys were shared with its user', async () => {
    await readPublicKey()
    const uri = `pkcs11:token=strongroom;object=mine;type=private;pin-value=${encodeURIComponent(pin('bob'))}`
    const sign = ['dgst', '-engine', 'pkcs11', '-keyform', 'engine', '-sha256', '-sign', uri]
    const output = ['-out', path('signed'), path('message')]
    await succeeds(owner, ['openssl', ...sign, ...output], { env: env() })
    const pem = ['-inform', 'DER', '-in', path('public.der'), '-out', path('public.pem')]
    await succeeds(owner, ['openssl', 'pkey', '-pubin', ...pem])
    const verify = ['-verify', path('public.pem'), '-signature', path('signed'), path('message')]
    await succeeds(owner, ['openssl', 'dgst', '-sha256', ...verify])
  })

  test('certificates are listed before login, and nothing else', async () => {
    const listed = await tool('--list-objects')
    assert.equal(listed.match(/Object; /g)?.length, 2)
    assert.equal(listed.match(/^Certificate Object/gm)?.length, 2)
    const words = ['p11tool', '--provider', company.module(), '--list-all-certs', 'pkcs11:token=strongroom']
    assert.equal((await succeeds(owner, words, { env: env() })).match(/Type: X\.509/g)?.length, 2)
  })
})
