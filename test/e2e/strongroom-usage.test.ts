import assert from 'node:assert/strict'
import { test } from 'node:test'
import manifest from '../../package.json' with { type: 'json' }
import { run } from './strongroom.ts'

test('help, version and wrong usage', async () => {
  const help = await run(['--help'])
  assert.equal(help.exit, 0)
  assert.match(help.stdout, /^Strongroom, .*\n\nUsage: strongroom <COMMAND>\n/)
  assert.deepEqual(await run(['help']), help)
  assert.deepEqual(await run(['--version']), {
    exit: 0,
    stdout: `strongroom ${manifest.version}\n`,
    stderr: '',
  })
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^Strongroom, /],
    [['dance'], /unrecognized subcommand 'dance'\n\nUsage/],
    [['strat'], /unrecognized subcommand 'strat'\n\n {2}tip: .*'start'\n/],
    [['bakup', 'create', '--to', 'x'], /\n {2}tip: .*'backup'\n/],
    [['backup', 'crate', '--to', 'x'], /\n {2}tip: .*'create'\n/],
    [['status', '--jsn'], /'--jsn' found\n\n {2}tip: a similar argument exists: '--json'\n/],
    [['start', 'now'], /unexpected argument 'now' found/],
    [['stop', '--json'], /unexpected argument '--json' found/],
    [['status', '--home'], /a value is required for '--home <DIR>'/],
    [['status', '--home', ''], /a value is required for '--home <DIR>'/],
    [['status', '--home='], /a value is required for '--home <DIR>'/],
    [['start', '--listen', 'here:99999'], /--listen must be HOST:PORT/],
    [['start', '--listen', '::1'], /--listen must be HOST:PORT/],
    [['start', '--listen', '127.0.0.1:'], /--listen must be HOST:PORT/],
    [
      ['start', '--mode', 'FIPS'],
      /invalid value 'FIPS' for '--mode <MODE>'\n {2}\[possible values: fips, non-fips\]/,
    ],
    [['start', '--hsm-type', 'hsm3'], /invalid value 'hsm3' for '--hsm-type <TYPE>'/],
    [['start', '--etcd', '10.0.0.1:2379'], /--etcd must be URLs/],
    [['env', '--pin-file', 'x'], /--pin-file is for --openssl/],
    [['env', '--openssl', '--socket', 'x'], /--socket is not for --openssl/],
    [['backup', 'create'], /not provided:\n {2}--to <FILE>\n/],
    [['backup', 'create', 'file'], /unexpected argument 'file'/],
    [['backup', 'restore', '--passphrase-file', 'x'], /not provided:\n {2}<FILE>\n/],
    [['backup', 'restore', 'a', 'b'], /unexpected argument 'b'/],
    [['backup', 'restore', 'a'], /<--master-key-file <FILE>\|--passphrase-file <FILE>>/],
    [['backup', 'restore', 'a', '--passphrase-file', 'b', '--etcd-ca', 'c'], /--etcd is missing/],
    [['backup', 'inspect'], /not provided:\n {2}<FILE>\n/],
    [['node'], /^Add nodes to a cluster/],
    [['node', 'dance'], /unrecognized subcommand 'dance'/],
    [['node', 'invite', '--json'], /unexpected argument '--json'/],
    [['node', 'join'], /not provided:\n {2}--secret-file <FILE>\n/],
    [['node', 'join', 'strongroom-invitation-x'], /unexpected argument/],
  ]
  for (const [words, expected] of wrong) {
    const { exit, stdout, stderr } = await run(words)
    assert.deepEqual([exit, stdout], [2, ''], words.join(' '))
    assert.match(stderr, expected)
  }
})

test('every command has a page of its own, with an example', async () => {
  const names = [
    'start',
    'stop',
    'status',
    'audit',
    'policy show',
    'policy apply trusted-wrapping',
    'env',
    'pkcs11',
  ]
  names.push('key-material show', 'key-material set')
  names.push('demo', 'backup create', 'backup restore', 'backup inspect', 'node invite', 'node join')
  for (const name of names) {
    const page = await run([...name.split(' '), '--help'])
    assert.equal(page.exit, 0)
    assert.match(
      page.stdout,
      new RegExp(`\\n\\nUsage: strongroom ${name}.*\\n[^]*\\nExamples:\\n.*strongroom ${name}`),
    )
    assert.deepEqual(await run(['help', ...name.split(' ')]), page)
  }
})
