/** pkcs11-tool of OpenSC, that of this Debian and that of a newer one, as bob with keys that alice shares with him. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey, publicEncrypt, verify, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, type TestContext, test } from 'node:test'
import { fails, needs, type RunOptions, succeeds } from './commands.ts'
import { withEachModule } from './each-module.ts'
import { newerDebian } from './other-debians.ts'
import { idOf, type Payments, payments, pin, shows } from './payments.ts'

withEachModule('pkcs11-tool', needs('pkcs11-tool', 'openssl'), (company) =>
  toolTests(company, ['pkcs11-tool']),
)

suite('pkcs11-tool and p11-kit of a newer Debian', newerDebian.needed(), () =>
  toolTests({ ...payments(), module: newerDebian.module }, newerDebian.command('pkcs11-tool')),
)

function toolTests(company: Payments, command: readonly string[]): void {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(company.home().root, 'files-'))
  })

  const file = (name: string) => join(directory, name)
  const put = (name: string, content: string | Uint8Array) => {
    writeFileSync(file(name), content)
    return file(name)
  }
  const words = (person: string | undefined, given: readonly string[]) => [
    ...command,
    ...['--module', company.module()],
    ...(person === undefined ? [] : ['--login', '--pin', pin(person)]),
    ...given,
  ]
  const options = (): RunOptions => ({ env: company.env() })
  const tool = (t: TestContext, person: string | undefined, ...given: readonly string[]) =>
    succeeds(t, words(person, given), options())
  const refused = (t: TestContext, person: string | undefined, ...given: readonly string[]) =>
    fails(t, words(person, given), options())

  /** Reads a public key from the HSM, as everybody may. */
  async function publicKey(t: TestContext, label: string) {
    const path = file(`${label}.spki`)
    await tool(t, 'bob', '--read-object', '--type', 'pubkey', '--id', idOf(label), '--output-file', path)
    return createPublicKey({ key: readFileSync(path), format: 'der', type: 'spki' })
  }

  test('finds one slot with one token, and what it can do', async (t) => {
    const slots = await tool(t, undefined, '--list-slots')
    assert.match(slots, /token label\s*: strongroom\n/)
    assert.equal(slots.match(/^Slot /gm)?.length, 1)
    const mechanisms = await tool(t, undefined, '--list-mechanisms')
    assert.match(mechanisms, /RSA-PKCS-PSS, keySize=\{2048,4096\}, sign, verify/)
    assert.match(mechanisms, /ECDSA, .*sign, verify/)
    assert.match(mechanisms, /AES-ECB/)
    assert.match(await tool(t, undefined, '--show-info'), /Strongroom PKCS#11/)
  })

  test('refuses a wrong PIN, and shows nothing without one', async (t) => {
    await company.generateRsa('hidden')
    const wrong = [
      ...command,
      '--module',
      company.module(),
      '--login',
      '--pin',
      'bob:not this one',
      '--list-objects',
    ]
    assert.match(await fails(t, wrong, options()), /CKR_PIN_INCORRECT/)
    assert.doesNotMatch(await tool(t, undefined, '--list-objects'), /hidden/)
    await tool(t, 'bob', '--list-objects')
  })

  test('keys that it generates are right in key list, with the attributes that it asked for', async (t) => {
    const made = ['--id', 'a1', '--sensitive']
    await tool(t, 'bob', '--keypairgen', '--key-type', 'rsa:2048', '--label', 'made-rsa', ...made)
    await tool(t, 'bob', '--keypairgen', '--key-type', 'EC:secp384r1', '--label', 'made-ec', ...made)
    await tool(t, 'bob', '--keygen', '--key-type', 'AES:32', '--label', 'made-aes', ...made)
    const rsa = await company.keys('bob', 'made-rsa')
    shows(rsa['private-key'], {
      'key-type': 'rsa',
      id: '0xa1',
      sign: true,
      sensitive: true,
      token: true,
      local: true,
    })
    shows(rsa['public-key'], {
      'modulus-size-bits': 2048,
      'public-exponent': '0x010001',
      verify: true,
      wrap: false,
    })
    const ec = await company.keys('bob', 'made-ec')
    shows(ec['private-key'], {
      'key-type': 'ec',
      curve: 'secp384r1',
      sign: true,
      derive: true,
      'always-sensitive': true,
    })
    shows(ec['public-key'], { verify: true, derive: false, sensitive: false })
    const aes = await company.keys('bob', 'made-aes')
    shows(aes['secret-key'], {
      'key-type': 'aes',
      'key-length-bytes': 32,
      encrypt: true,
      decrypt: true,
      extractable: false,
    })
  })

  test('keys that cloudhsm-cli makes are right here', async (t) => {
    await company.generateEc('made-there')
    await company.share('made-there')
    const listed = await tool(t, 'bob', '--list-objects')
    assert.match(
      listed,
      /Private Key Object; EC\n\s+label:\s+made-there\n\s+ID:\s+\w+\n\s+Usage:\s+sign\n\s+Access:\s+sensitive, always sensitive/,
    )
  })

  test('signs with what is shared, and no longer when it is not', async (t) => {
    await company.generateRsa('pay')
    await company.generateEc('pay-ec')
    const message = put('message', 'pay 100 to carol')
    const hash = put('hash', createHash('sha256').update('pay 100 to carol').digest())
    const sign = (label: string, mechanism: string, input: string) =>
      [
        '--sign',
        '--mechanism',
        mechanism,
        '--id',
        idOf(label),
        '--input-file',
        input,
        '--output-file',
        file('signature'),
      ] as const
    assert.match(
      await refused(t, 'bob', ...sign('pay', 'SHA256-RSA-PKCS', message)),
      /Private(\/secret)? key not found/,
    )
    await company.share('pay')
    await company.share('pay-ec')

    await tool(t, 'bob', ...sign('pay', 'SHA256-RSA-PKCS', message))
    const rsa = await publicKey(t, 'pay')
    assert.ok(verify('sha256', readFileSync(message), rsa, readFileSync(file('signature'))))
    const verified = await tool(
      t,
      'bob',
      '--verify',
      '--mechanism',
      'SHA256-RSA-PKCS',
      '--id',
      idOf('pay'),
      '--input-file',
      message,
      '--signature-file',
      file('signature'),
    )
    assert.match(verified, /Signature is valid/)

    await tool(t, 'bob', ...sign('pay-ec', 'ECDSA', hash))
    const ec = { key: await publicKey(t, 'pay-ec'), dsaEncoding: 'ieee-p1363' } as const
    assert.ok(verify('sha256', readFileSync(message), ec, readFileSync(file('signature'))))

    await company.unshare('pay')
    assert.match(
      await refused(t, 'bob', ...sign('pay', 'SHA256-RSA-PKCS', message)),
      /Private(\/secret)? key not found/,
    )
    await tool(t, 'bob', ...sign('pay-ec', 'ECDSA', hash))
  })

  test('decrypts what was encrypted for a shared key', async (t) => {
    await tool(
      t,
      'alice',
      '--keypairgen',
      '--key-type',
      'rsa:2048',
      '--label',
      'inbox',
      '--id',
      idOf('inbox'),
      '--usage-decrypt',
    )
    await company.share('inbox')
    const key = await publicKey(t, 'inbox')
    const oaep = put('oaep', publicEncrypt({ key, oaepHash: 'sha256' }, Buffer.from('for bob')))
    const plain = await tool(
      t,
      'bob',
      '--decrypt',
      '--mechanism',
      'RSA-PKCS-OAEP',
      '--hash-algorithm',
      'SHA256',
      '--id',
      idOf('inbox'),
      '--input-file',
      oaep,
    )
    assert.match(plain, /for bob/)
    const pkcs1 = put('pkcs1', publicEncrypt({ key, padding: 1 }, Buffer.from('for bob too')))
    assert.match(
      await tool(
        t,
        'bob',
        '--decrypt',
        '--mechanism',
        'RSA-PKCS',
        '--id',
        idOf('inbox'),
        '--input-file',
        pkcs1,
      ),
      /for bob too/,
    )
  })

  test('makes random bytes', async (t) => {
    await tool(t, 'bob', '--generate-random', '64', '--output-file', file('random'))
    const random = readFileSync(file('random'))
    assert.equal(random.length, 64)
    assert.notDeepEqual(random, Buffer.alloc(64))
  })

  test('keeps a certificate', async (t) => {
    const subject = [
      '-subj',
      '/CN=payments',
      '-keyout',
      file('key.pem'),
      '-outform',
      'DER',
      '-out',
      file('certificate'),
    ]
    await succeeds(t, ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject])
    await tool(
      t,
      'bob',
      '--write-object',
      file('certificate'),
      '--type',
      'cert',
      '--label',
      'payments',
      '--id',
      'c1',
    )
    assert.match(await tool(t, 'bob', '--list-objects', '--type', 'cert'), /subject:\s+DN: CN=payments/)
    await tool(t, 'bob', '--read-object', '--type', 'cert', '--id', 'c1', '--output-file', file('read'))
    assert.equal(new X509Certificate(readFileSync(file('read'))).subject, 'CN=payments')
    await tool(t, 'bob', '--delete-object', '--type', 'cert', '--id', 'c1')
    assert.match(await refused(t, 'bob', '--read-object', '--type', 'cert', '--id', 'c1'), /object not found/)
  })

  test('passes its own tests, with keys of somebody else', async (t) => {
    await tool(t, 'alice', '--keypairgen', '--key-type', 'rsa:2048', '--label', 'tested', '--id', 'd1')
    await company.share('tested')
    const said = await tool(t, 'bob', '--test')
    assert.match(said, /\nNo errors\n/)
    assert.match(said, /RSA-PKCS-OAEP: (.*\n)+?OK/)
  })
}
