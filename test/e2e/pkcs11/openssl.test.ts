/** OpenSSL 3.0 with libengine-pkcs11-openssl, as bob with keys that alice shares with him. */
import assert from 'node:assert/strict'
import { verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { ENGINE, engineEnv, keyUri, SUBJECT, selfSigned, withEngine } from './certificates.ts'
import { fails, needs, type Running, start, succeeds } from './commands.ts'
import { payments } from './payments.ts'

suite('openssl with the pkcs11 engine', needs('openssl', ENGINE), () => {
  const company = payments()

  const file = (name: string) => join(company.home().root, name)
  const openssl = (t: TestContext, ...words: Parameters<typeof withEngine>) =>
    succeeds(t, withEngine(...words), { env: engineEnv(company) })

  const kinds = { rsa: company.generateRsa, ec: company.generateEc }
  for (const [kind, generate] of Object.entries(kinds)) {
    test(`signs, requests and issues certificates with a shared key (${kind})`, async (t) => {
      const label = `pay-${kind}`
      await generate(label)
      await company.share(label)
      const made = new X509Certificate(readFileSync(await selfSigned(t, company, label)))
      assert.equal(made.subject, 'CN=localhost')
      assert.ok(made.verify(made.publicKey))

      writeFileSync(file('message'), 'pay 100 to carol')
      const sign = ['-sign', keyUri(label), '-sha256', '-out', file('signature'), file('message')]
      await openssl(t, 'dgst', ...sign)
      assert.ok(
        verify('sha256', readFileSync(file('message')), made.publicKey, readFileSync(file('signature'))),
      )

      await openssl(t, 'req', '-new', '-key', keyUri(label), ...SUBJECT, '-out', file('csr'))
      await succeeds(t, ['openssl', 'req', '-in', file('csr'), '-verify', '-noout'])

      await company.unshare(label)
      await fails(t, withEngine('dgst', ...sign), { env: engineEnv(company) })
    })
  }

  test('makes RSA-PSS signatures', async (t) => {
    await company.generateRsa('pss')
    await company.share('pss')
    const { publicKey: key } = new X509Certificate(readFileSync(await selfSigned(t, company, 'pss')))
    writeFileSync(file('message'), 'pay 100 to carol')
    const padding = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32']
    const out = ['-sha256', ...padding, '-out', file('signature'), file('message')]
    await openssl(t, 'dgst', '-sign', keyUri('pss'), ...out)
    const signed = { key, padding: 6, saltLength: 32 }
    assert.ok(verify('sha256', readFileSync(file('message')), signed, readFileSync(file('signature'))))
  })

  for (const [kind, generate] of Object.entries(kinds)) {
    test(`a TLS server whose key is in the HSM serves until the key is unshared (${kind})`, async (t) => {
      const label = `tls-${kind}`
      await generate(label)
      await company.share(label)
      const path = await selfSigned(t, company, label)
      const serve = ['-key', keyUri(label), '-cert', path, '-accept', '127.0.0.1:0', '-naccept', '10']
      const server = start(t, engineEnv(company), withEngine('s_server', ...serve))
      const port = await portOf(server)
      const ca = readFileSync(path)
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        assert.equal(await handshake(port, { ca, version }), version)
      }
      await company.unshare(label)
      await assert.rejects(handshake(port, { ca, version: 'TLSv1.3' }))
      await company.share(label)
      assert.equal(await handshake(port, { ca, version: 'TLSv1.3' }), 'TLSv1.3')
      assert.equal(server.child.exitCode, null)
    })
  }
})

async function portOf(server: Running): Promise<number> {
  await server.says(/ACCEPT 127\.0\.0\.1:\d+\n/)
  return Number(/ACCEPT 127\.0\.0\.1:(\d+)/.exec(server.written())?.[1])
}

type Wanted = { readonly ca: Buffer; readonly version: 'TLSv1.2' | 'TLSv1.3' }

/** The version that was agreed on. Rejects when the server has not proved to have the key of its certificate. */
async function handshake(port: number, { ca, version }: Wanted): Promise<string | null> {
  const versions = { minVersion: version, maxVersion: version } as const
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca, ...versions })
  try {
    await once(socket, 'secureConnect')
    return socket.getProtocol()
  } finally {
    socket.destroy()
  }
}
