import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { configure } from '../../../src/cli/config/configure.ts'
import { CONFIGURE_PKCS11 } from '../../../src/cli/config/configure-options.ts'
import { authority, identity } from '../server/fixture.ts'

suite('configure-pkcs11', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'strongroom-configure-'))
    const files = { 'ca.crt': authority.cert, 'c.crt': identity.cert, 'c.key': identity.key }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(home, name), content)
  })
  afterEach(() => rmSync(home, { recursive: true }))

  const run = (...words: readonly string[]) =>
    configure(CONFIGURE_PKCS11, words, {
      version: '1.2.3',
      env: { STRONGROOM_HOME: home },
      homeDirectory: '/nowhere',
      workingDirectory: home,
    })
  const runs = (...words: readonly string[]) =>
    assert.deepEqual(run(...words), { text: '', exit: 0, stream: 'stdout' }, words.join(' '))
  const read = () => JSON.parse(readFileSync(join(home, 'etc/cloudhsm-pkcs11.cfg'), 'utf8'))

  test('has a file of its own, in the layout of that of the CLI', () => {
    runs('-a', '10.0.7.21', '--disable-key-availability-check')
    assert.deepEqual(read(), {
      clusters: [
        {
          type: 'hsm1',
          cluster: {
            servers: [{ hostname: '10.0.7.21', port: 2223, enable: true }],
            hsm_ca_file: join(home, 'etc/customerCA.crt'),
            options: { disable_key_availability_check: true },
          },
        },
      ],
      logging: {
        log_type: 'file',
        log_file: join(home, 'run/cloudhsm-pkcs11.log'),
        log_level: 'info',
        log_interval: 'daily',
      },
    })
    assert.ok(!existsSync(join(home, 'etc/cloudhsm-cli.cfg')))
  })

  test("takes the options of CloudHSM's tool, and keeps those that change nothing here", () => {
    runs('-a', 'h', '--enable-certificate-storage', '--disable-validate-key-at-init')
    runs('--default-retry-mode', 'off', '--enable-ecdh-without-kdf', '--log-level', 'debug')
    runs('--server-client-cert-file', 'c.crt', '--server-client-key-file', 'c.key')
    const [{ cluster }] = read().clusters
    assert.deepEqual(cluster.options, {
      disable_certificate_storage: false,
      disable_validate_key_at_init: true,
      enable_ecdh_without_kdf: true,
      default_retry_mode: 'off',
    })
    assert.deepEqual(
      [cluster.client_cert_path, cluster.client_key_path],
      [join(home, 'c.crt'), join(home, 'c.key')],
    )
  })

  test('keeps its own settings apart', () => {
    runs('--cluster-id', 'a', '-a', 'h', '--socket', 'run/pkcs11.sock', '--token-label', 'cavium')
    runs('add-cluster', '--cluster-id', 'b', '-a', 'i')
    runs('--cluster-id', 'a', '--enable-gcm-iv-from-program')
    assert.deepEqual(
      read().clusters.map((entry: { cluster: { strongroom: unknown } }) => entry.cluster.strongroom),
      [
        { socket: join(home, 'run/pkcs11.sock'), token_label: 'cavium', gcm_iv_from_program: true },
        undefined,
      ],
    )
    const { text, exit } = run('--cluster-id', 'a', '--token-label', 'x'.repeat(33))
    assert.match(text, /clusters\[0\]\.cluster\.strongroom\.token_label must have 1 to 32 bytes\n$/)
    assert.equal(exit, 1)
  })

  test('refuses halves and contradictions', () => {
    for (const [words, reason] of [
      [['--server-client-key-file', 'c.key'], /required .*\n {2}--server-client-cert-file <FILE>\n/],
      [
        ['--enable-certificate-storage', '--disable-certificate-storage'],
        /'--enable-certificate-storage' cannot be used with '--disable-certificate-storage'/,
      ],
      [
        ['--enable-gcm-iv-from-program', '--disable-gcm-iv-from-program'],
        /'--enable-gcm-iv-from-program' cannot be used with '--disable-gcm-iv-from-program'/,
      ],
    ] as const) {
      const { text, exit } = run('-a', 'h', ...words)
      assert.match(text, reason)
      assert.equal(exit, 2)
    }
    const { text } = run(
      '-a',
      'h',
      '--server-client-cert-file',
      'ca.crt',
      '--server-client-key-file',
      'c.key',
    )
    assert.equal(text, `Error: The private key in ${home}/c.key is not that of ${home}/ca.crt\n`)
  })

  test('says which tool it is', () => {
    assert.equal(run('-V').text, 'configure-pkcs11 1.2.3\n')
    assert.match(run('--help').text, /\nUsage: configure-pkcs11 \[OPTIONS\]\n/)
    assert.match(run('-h').text, /\nExtension Options:\n {6}--socket <SOCKET> /)
    const { text } = run('remove-cluster', '--cluster-id', 'a')
    assert.match(
      text,
      /cloudhsm-pkcs11\.cfg nor \/opt\/cloudhsm\/etc\/cloudhsm-pkcs11\.cfg exists; name one with: configure-pkcs11 -a ADDRESS\n$/,
    )
  })
})
