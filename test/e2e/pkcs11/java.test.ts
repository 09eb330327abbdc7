/** Java's SunPKCS11: one program of bob's that keeps running while alice shares and unshares. */
import assert from 'node:assert/strict'
import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { ENGINE, keepCertificate, selfSigned } from './certificates.ts'
import { needs, start, succeeds } from './commands.ts'
import { withEachModule } from './each-module.ts'
import { type Payments, payments, pin } from './payments.ts'

const SOURCE = join(import.meta.dirname, 'Payments.java')
const MESSAGE = Buffer.from('pay 100 to carol')

/** Bob's. @returns says a line to it, and what it answers */
async function program(t: TestContext, company: Payments): Promise<(line: string) => Promise<string>> {
  const env = { ...company.env(), STRONGROOM_PKCS11_MODULE: company.module(), PIN: pin('bob') }
  const running = start(t, env, ['java', SOURCE])
  await running.says('ready\n')
  return async (line) => {
    const answer = running.nextLine()
    running.child.stdin?.write(`${line}\n`)
    return (await answer).replace(/^\w+: /, '')
  }
}

async function publicKey(company: Payments, label: string) {
  const pem = join(company.home().root, `${label}.pem`)
  const filter = ['--filter', `attr.label=${label}`, 'attr.class=public-key']
  await company.cli('bob', 'key', 'generate-file', '--encoding', 'pem', '--path', pem, ...filter)
  return createPublicKey(readFileSync(pem))
}

suite('SunPKCS11', needs('java', 'openssl', 'pkcs11-tool', ENGINE), () => {
  const company = payments()

  test('lists, signs, makes MACs and encrypts with shared keys, until they are unshared', async (t) => {
    await company.generateRsa('pay')
    await company.generateEc('pay-ec')
    await company.generateSecret('generic-secret', 'mac', 'sign=true', 'verify=true')
    await company.generateSecret('aes', 'box', 'encrypt=true', 'decrypt=true')
    for (const label of ['pay', 'pay-ec', 'mac', 'box']) await company.share(label)
    // Java shows a private key when there is a certificate with its id.
    for (const label of ['pay', 'pay-ec']) {
      await keepCertificate(t, company, label, await selfSigned(t, company, label))
    }
    const tell = await program(t, company)
    assert.equal(await tell('list'), 'box mac pay pay-ec')
    const rsa = Buffer.from(await tell('sign pay SHA256withRSA'), 'hex')
    assert.ok(verify('sha256', MESSAGE, await publicKey(company, 'pay'), rsa))
    const ec = Buffer.from(await tell('sign pay-ec SHA256withECDSA'), 'hex')
    assert.ok(verify('sha256', MESSAGE, await publicKey(company, 'pay-ec'), ec))
    assert.match(await tell('mac mac'), /^[0-9a-f]{64}$/)
    assert.match(await tell('encrypt box'), /^[0-9a-f]{32}$/)
    for (const label of ['pay', 'mac', 'box']) await company.unshare(label)
    assert.match(await tell('sign pay SHA256withRSA'), /^refused: /)
    assert.match(await tell('mac mac'), /^refused: /)
    assert.match(await tell('encrypt box'), /^refused: /)
    assert.match(await tell('sign pay-ec SHA256withECDSA'), /^[0-9a-f]+$/)
    await company.share('pay')
    assert.deepEqual(Buffer.from(await tell('sign pay SHA256withRSA'), 'hex'), rsa)
  })

  test('generates keys, and uses them for what its configuration says', async (t) => {
    const tell = await program(t, company)
    assert.equal(await tell('generate'), 'true 32')
  })
})

const ON_DEMAND = ['--key-certificates', 'on-demand'] as const

withEachModule(
  'SunPKCS11, with certificates on demand',
  needs('java', 'keytool', 'openssl'),
  (company) => {
    test('sees and uses private keys that nobody gave a certificate, until they are unshared', async (t) => {
      await company.generateRsa('pay')
      await company.generateEc('pay-ec')
      for (const label of ['pay', 'pay-ec']) await company.share(label)
      const tell = await program(t, company)
      assert.equal(await tell('list'), 'pay pay-ec')
      const rsa = Buffer.from(await tell('sign pay SHA256withRSA'), 'hex')
      assert.ok(verify('sha256', MESSAGE, await publicKey(company, 'pay'), rsa))
      const ec = Buffer.from(await tell('sign pay-ec SHA256withECDSA'), 'hex')
      assert.ok(verify('sha256', MESSAGE, await publicKey(company, 'pay-ec'), ec))
      await company.unshare('pay')
      assert.match(await tell('sign pay SHA256withRSA'), /^refused: /)
      const another = await program(t, company)
      assert.equal(await another('list'), 'pay-ec')
    })

    test('keytool requests a certificate for such a key, and puts it in the place of that on demand', async (t) => {
      const file = (name: string) => join(company.home().root, name)
      const configuration = ['name = Strongroom', `library = ${company.module()}`, 'slot = 0']
      writeFileSync(file('strongroom.cfg'), configuration.join('\n'))
      const store = ['-keystore', 'NONE', '-storetype', 'PKCS11', '-storepass:env', 'PIN']
      const provider = ['-addprovider', 'SunPKCS11', '-providerArg', file('strongroom.cfg')]
      const env = { ...company.env(), PIN: pin('alice') }
      const keytool = (...words: readonly string[]) =>
        succeeds(t, ['keytool', ...words, ...store, ...provider], { env })
      const openssl = (...words: readonly string[]) => succeeds(t, ['openssl', ...words])
      await company.generateEc('site')
      await keytool('-certreq', '-alias', 'site', '-file', file('csr'))
      const authority = ['-keyout', file('ca.key'), '-out', file('ca.crt'), '-subj', '/CN=authority']
      await openssl('req', '-x509', '-newkey', 'rsa:2048', '-noenc', ...authority)
      const issuer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial']
      await openssl('x509', '-req', '-in', file('csr'), ...issuer, '-out', file('site.crt'))
      const chain = ['site.crt', 'ca.crt'].map((name) => readFileSync(file(name), 'utf8')).join('')
      writeFileSync(file('chain.pem'), chain)
      await keytool('-importcert', '-noprompt', '-alias', 'site', '-file', file('chain.pem'))
      const shown = new X509Certificate(await keytool('-exportcert', '-rfc', '-alias', 'site'))
      assert.equal(shown.issuer, 'CN=authority')
    })
  },
  ...ON_DEMAND,
)
