import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { configure } from '../../../src/cli/config/configure.ts'
import { CONFIGURE_CLI } from '../../../src/cli/config/configure-options.ts'
import { parseConfig } from '../../../src/client-config/client-config.ts'
import { authority, identity } from '../server/fixture.ts'

suite('configure-cli', () => {
  let home: string
  let path: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'strongroom-configure-'))
    path = join(home, 'etc/cloudhsm-cli.cfg')
    const files = { 'ca.crt': authority.cert, 'c.crt': identity.cert, 'c.key': identity.key }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(home, name), content)
  })
  afterEach(() => rmSync(home, { recursive: true }))

  const run = (...words: readonly string[]) =>
    configure(CONFIGURE_CLI, words, {
      version: '1.2.3',
      env: { STRONGROOM_HOME: home },
      homeDirectory: '/nowhere',
      workingDirectory: home,
    })
  const runs = (...words: readonly string[]) =>
    assert.deepEqual(run(...words), { text: '', exit: 0, stream: 'stdout' }, words.join(' '))
  const fails = (words: readonly string[], message: string) =>
    assert.deepEqual(
      run(...words),
      { text: `Error: ${message}\n`, exit: 1, stream: 'stderr' },
      words.join(' '),
    )
  const misused = (words: readonly string[], reason: string, usage: string | undefined) => {
    const blocks = [`error: ${reason}`, usage, "For more information, try '--help'.\n"]
    const text = blocks.filter((block) => block !== undefined).join('\n\n')
    assert.deepEqual(run(...words), { text, exit: 2, stream: 'stderr' }, words.join(' '))
  }
  const read = () => parseConfig(readFileSync(path, 'utf8'), path)
  const cluster = () => read().clusters[0]

  test('the first run names an HSM, and the rest stands where the vendor has it', () => {
    runs('-a', '10.0.7.21', 'fd00::34', 'hsm.example:2224')
    assert.deepEqual(read(), {
      clusters: [
        {
          id: undefined,
          servers: [
            { hostname: '10.0.7.21', port: 2223, enable: true },
            { hostname: 'fd00::34', port: 2223, enable: true },
            { hostname: 'hsm.example', port: 2224, enable: true },
          ],
          caFile: join(home, 'etc/customerCA.crt'),
          keyAvailabilityCheck: undefined,
          weakHashes: false,
        },
      ],
      logging: { type: 'file', file: join(home, 'run/cloudhsm-cli.log'), level: 'info', rotation: 'daily' },
    })
  })

  test('edits accumulate over runs', () => {
    runs('-a', '10.0.0.1')
    runs('--hsm-ca-cert', 'ca.crt')
    runs('--client-key-hsm-tls-file', './c.key', '--client-cert-hsm-tls-file', join(home, 'c.crt'))
    runs('--log-type=term', '--log-level', 'debug', '--log-rotation', 'weekly')
    runs('--log-file', 'logs/cli.log')
    runs('--disable-key-availability-check')
    runs('--enable-ecdsa-with-weak-hash-function')
    runs('--cluster-id', 'cluster-a', '-a', '10.0.0.2')
    assert.deepEqual(read(), {
      clusters: [
        {
          id: 'cluster-a',
          servers: [{ hostname: '10.0.0.2', port: 2223, enable: true }],
          caFile: join(home, 'ca.crt'),
          clientCert: join(home, 'c.crt'),
          clientKey: join(home, 'c.key'),
          keyAvailabilityCheck: false,
          weakHashes: true,
        },
      ],
      logging: { type: 'term', file: join(home, 'logs/cli.log'), level: 'debug', rotation: 'weekly' },
    })
    runs('--enable-key-availability-check', '--disable-ecdsa-with-weak-hash-function')
    assert.deepEqual([cluster()?.keyAvailabilityCheck, cluster()?.weakHashes], [true, false])
  })

  test('several clusters in one file', () => {
    runs('--cluster-id', 'a', '-a', '10.0.0.1')
    runs('add-cluster', '--cluster-id', 'b', '-a', '10.0.0.2', '--hsm-ca-cert', 'ca.crt')
    runs('--cluster-id', 'b', '--disable-key-availability-check')
    assert.deepEqual(
      read().clusters.map(({ id, caFile, keyAvailabilityCheck }) => [id, caFile, keyAvailabilityCheck]),
      [
        ['a', join(home, 'etc/customerCA.crt'), undefined],
        ['b', join(home, 'ca.crt'), false],
      ],
    )
    fails(['-a', '10.0.0.3'], 'The configuration has 2 clusters; choose one with --cluster-id')
    fails(['add-cluster', '--cluster-id', 'b', '-a', 'h'], 'Cluster b is already in the configuration')
    runs('--log-level', 'error')
    runs('remove-cluster', '--cluster-id', 'a')
    assert.deepEqual([cluster()?.id, read().clusters.length, read().logging.level], ['b', 1, 'error'])
    runs('remove-cluster', '--cluster-id', 'b')
    runs('add-cluster', '--cluster-id', 'c', '-a', '10.0.0.4')
    assert.equal(cluster()?.id, 'c')
  })

  test('a file as the vendor ships it is configured in place', () => {
    mkdirSync(join(home, 'etc'))
    const shipped = {
      clusters: [{ type: 'hsm1', cluster: { servers: [{ hostname: '%%HSM_IP_ADDRESS%%' }] } }],
    }
    writeFileSync(path, JSON.stringify(shipped))
    runs('-a', '10.0.0.1')
    assert.deepEqual(cluster()?.servers, [{ hostname: '10.0.0.1', port: 2223, enable: true }])
  })

  test('--config names another file', () => {
    runs('--config', 'other.cfg', '-a', '10.0.0.1')
    assert.ok(existsSync(join(home, 'other.cfg')) && !existsSync(path))
    assert.match(
      readFileSync(join(home, 'other.cfg'), 'utf8'),
      new RegExp(`"hsm_ca_file": "${home}/customerCA.crt"`),
    )
  })

  test('what needs an address says so', () => {
    fails(['--log-level', 'warn'], 'No HSM is configured yet; name one with: -a ADDRESS')
    const advice = (id: string) =>
      `There is no control plane to ask for the addresses of cluster ${id}; give them with: -a ADDRESS`
    fails(['--cluster-id', 'a'], advice('a'))
    fails(['--cluster-id', 'a', '--log-level', 'warn'], advice('a'))
    fails(['add-cluster', '--cluster-id', 'a'], advice('a'))
    runs('--cluster-id', 'a', '-a', 'h')
    fails(['--cluster-id', 'a'], advice('a'))
    fails(['--cluster-id', 'b', '--hsm-ca-cert', 'ca.crt'], advice('b'))
    fails(['--cluster-id', 'b', '-a', 'h'], 'Cluster b is not in the configuration, which has only a')
  })

  test('bad values name the option, and nothing is written', () => {
    const cases: readonly (readonly [words: readonly string[], message: string])[] = [
      [
        ['-a', 'h', '10.0.0.256'],
        '-a: 10.0.0.256 is no host name, IPv4 or IPv6 address, with or without a port',
      ],
      [['-a', 'h:0'], '-a: h:0 is no host name, IPv4 or IPv6 address, with or without a port'],
      [['-a', ''], '-a:  is no host name, IPv4 or IPv6 address, with or without a port'],
      [
        ['-a', 'h', '--cluster-id', 'a b'],
        '--cluster-id must have 1 to 128 letters, digits, ".", "_" or "-", not a b',
      ],
      [
        ['-a', 'h', '--hsm-ca-cert', 'no.crt'],
        `Cannot read the file of --hsm-ca-cert, ${home}/no.crt: no such file or directory`,
      ],
      [
        ['-a', 'h', '--hsm-ca-cert', '.'],
        `Cannot read the file of --hsm-ca-cert, ${home}: it is a directory`,
      ],
      [
        ['-a', 'h', '--hsm-ca-cert', 'c.key'],
        `Cannot read the file of --hsm-ca-cert, ${home}/c.key: it is a private key, not a certificate`,
      ],
      [
        ['-a', 'h', '--client-cert-hsm-tls-file', 'ca.crt', '--client-key-hsm-tls-file', 'c.key'],
        `The private key in ${home}/c.key is not that of ${home}/ca.crt`,
      ],
      [
        ['-a', 'h', '--client-cert-hsm-tls-file', 'c.crt', '--client-key-hsm-tls-file', 'no.key'],
        `Cannot read the file of --client-key-hsm-tls-file, ${home}/no.key: no such file or directory`,
      ],
      [
        ['-a', 'h', '--client-cert-hsm-tls-file', 'no.crt', '--client-key-hsm-tls-file', 'c.key'],
        `Cannot read the file of --client-cert-hsm-tls-file, ${home}/no.crt: no such file or directory`,
      ],
      [['-a', 'h', '--log-file', 'a\nb'], `${path}: logging.log_file must have no control characters`],
      [['-a', ...Array.from({ length: 20_000 }, () => 'h')], `${path}: larger than 1048576 bytes`],
    ]
    for (const [words, message] of cases) fails(words, message)
    assert.ok(!existsSync(path))
  })

  test('a file that is damaged is refused and left alone', () => {
    mkdirSync(join(home, 'etc'))
    writeFileSync(path, '{"clusters": 1}')
    fails(['-a', 'h'], `${path}: clusters must be a list`)
    assert.equal(readFileSync(path, 'utf8'), '{"clusters": 1}')
  })

  test('there is nothing to remove from without a file', () => {
    const { text, exit } = run('remove-cluster', '--cluster-id', 'a', '--config', '/no/file')
    assert.match(text, /^Error: There is no client configuration at \/no\/file, the path given by --config; /)
    assert.equal(exit, 1)
  })

  test('wrong usage is answered in the style of clap', () => {
    const usage = 'Usage: configure-cli [OPTIONS]'
    misused(['update'], "unrecognized subcommand 'update'", usage)
    misused(
      ['--region', 'x'],
      "unexpected argument '--region' found\n\n  tip: a similar argument exists: '--version'",
      usage,
    )
    for (const words of [['--log-file', ''], ['--log-file=']])
      misused(words, "a value is required for '--log-file <FILE>' but none was supplied", undefined)
    misused(['-a'], "a value is required for '-a <ADDRESS>...' but none was supplied", undefined)
    misused(['-a', 'h', '-a', 'i'], "the argument '-a <ADDRESS>...' cannot be used multiple times", usage)
    misused(
      ['--enable-key-availability-check', '--disable-key-availability-check'],
      "the argument '--enable-key-availability-check' cannot be used with '--disable-key-availability-check'",
      usage,
    )
    misused(
      ['--disable-ecdsa-with-weak-hash-function', '--enable-ecdsa-with-weak-hash-function'],
      "the argument '--enable-ecdsa-with-weak-hash-function' cannot be used with '--disable-ecdsa-with-weak-hash-function'",
      usage,
    )
    misused(
      ['--client-cert-hsm-tls-file', 'c.crt'],
      'the following required arguments were not provided:\n  --client-key-hsm-tls-file <FILE>',
      usage,
    )
    misused(
      ['--client-key-hsm-tls-file', 'c.key'],
      'the following required arguments were not provided:\n  --client-cert-hsm-tls-file <FILE>',
      usage,
    )
    misused(
      ['--log-level', 'loud'],
      "invalid value 'loud' for '--log-level <LOG_LEVEL>'\n  [possible values: error, warn, info, debug, trace]",
      undefined,
    )
    misused(
      ['remove-cluster'],
      'the following required arguments were not provided:\n  --cluster-id <CLUSTER_ID>',
      'Usage: configure-cli remove-cluster [OPTIONS] --cluster-id <CLUSTER_ID>',
    )
    assert.ok(!existsSync(path))
  })

  test('help in all its ways, and the version', () => {
    const help = run('--help')
    assert.deepEqual([help.exit, help.stream], [0, 'stdout'])
    assert.match(help.text, /\nUsage: configure-cli \[OPTIONS\]\n\nCommands:\n {2}add-cluster /)
    assert.match(help.text, /\n {2}-a, --addresses \[<ADDRESS>...\]\n/)
    assert.match(help.text, /\n {2}-h, --help\n/)
    assert.deepEqual(run('help'), help)
    assert.deepEqual(run(), { ...run('-h'), exit: 2, stream: 'stderr' })
    assert.match(
      run('add-cluster', '-h').text,
      /\nUsage: configure-cli add-cluster \[OPTIONS\] --cluster-id <CLUSTER_ID>\n/,
    )
    assert.deepEqual(run('help', 'remove-cluster'), run('remove-cluster', '--help'))
    for (const word of ['-V', '--version']) assert.equal(run(word).text, 'configure-cli 1.2.3\n')
  })
})
