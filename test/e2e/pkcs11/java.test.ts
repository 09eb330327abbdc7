/** Java's SunPKCS11: one program of bob's that keeps running while alice shares and unshares. */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { ENGINE, keepCertificate, selfSigned } from './certificates.ts'
import { needs, start } from './commands.ts'
import { payments, pin } from './payments.ts'

const SOURCE = join(import.meta.dirname, 'Payments.java')
const MESSAGE = Buffer.from('pay 100 to carol')

suite('SunPKCS11', needs('java', 'openssl', 'pkcs11-tool', ENGINE), () => {
  const company = payments()

  async function program(t: TestContext) {
    const running = start(t, { ...company.env(), PIN: pin('bob') }, ['java', SOURCE])
    await running.says('ready\n')
    return async (line: string): Promise<string> => {
      const answer = running.nextLine()
      running.child.stdin?.write(`${line}\n`)
      return (await answer).replace(/^\w+: /, '')
    }
  }

  async function publicKey(label: string) {
    const pem = join(company.home().root, `${label}.pem`)
    const filter = ['--filter', `attr.label=${label}`, 'attr.class=public-key']
    await company.cli('bob', 'key', 'generate-file', '--encoding', 'pem', '--path', pem, ...filter)
    return createPublicKey(readFileSync(pem))
  }

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
    const tell = await program(t)
    assert.equal(await tell('list'), 'box mac pay pay-ec')
    const rsa = Buffer.from(await tell('sign pay SHA256withRSA'), 'hex')
    assert.ok(verify('sha256', MESSAGE, await publicKey('pay'), rsa))
    const ec = Buffer.from(await tell('sign pay-ec SHA256withECDSA'), 'hex')
    assert.ok(verify('sha256', MESSAGE, await publicKey('pay-ec'), ec))
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
    const tell = await program(t)
    assert.equal(await tell('generate'), 'true 32')
  })
})
