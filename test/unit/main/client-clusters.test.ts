import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import { clientClusters } from '../../../src/main/client-clusters.ts'
import { authority, identity } from '../server/fixture.ts'

suite('the clusters of a client configuration', () => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-clusters-'))
  const at = (name: string): string => join(root, name)
  after(() => rmSync(root, { recursive: true }))
  beforeEach(() => {
    writeFileSync(at('ca.crt'), authority.cert)
    writeFileSync(at('c.crt'), identity.cert)
    writeFileSync(at('c.key'), identity.key, { mode: 0o600 })
    const cluster = {
      hsm_ca_file: 'ca.crt',
      client_cert_hsm_tls_path: 'c.crt',
      client_key_hsm_tls_path: 'c.key',
      servers: [{ hostname: '127.0.0.1' }],
    }
    writeFileSync(at('cli.cfg'), JSON.stringify({ clusters: [{ cluster }] }))
  })
  const connect = async (path = at('cli.cfg')) => {
    const { close } = await clientClusters(path, {}).connect('', () => undefined)
    close()
  }

  test('a file that is no certificate, or no key, is named before anything is sent', async () => {
    await connect()
    for (const [name, content, member, problem] of [
      ['ca.crt', '', 'hsm_ca_file', 'it is empty'],
      ['ca.crt', identity.key, 'hsm_ca_file', 'it is a private key, not a certificate'],
      ['c.crt', 'x', 'client_cert_hsm_tls_path', 'there is no certificate in it'],
      ['c.key', identity.cert, 'client_key_hsm_tls_path', 'it is a certificate, not a private key'],
    ] as const) {
      writeFileSync(at(name), content)
      const message = `Could not read configuration-referenced file ${member} at location ${at(name)}: ${problem}`
      await assert.rejects(connect(), { code: 'invalid-request', message })
      writeFileSync(
        at(name),
        name === 'ca.crt' ? authority.cert : identity[name === 'c.crt' ? 'cert' : 'key'],
      )
    }
    rmSync(at('ca.crt'))
    await assert.rejects(connect(), /ca\.crt: No such file or directory$/)
  })

  test('a configuration that cannot be reached is not taken for one that is missing', async () => {
    symlinkSync('round', at('round'))
    await assert.rejects(connect(at('round')), /Cannot read the configuration .*round: its symbolic links/)
    await assert.rejects(connect(at('absent')), /There is no client configuration at .*absent/)
  })
})
