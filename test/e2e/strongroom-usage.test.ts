import assert from 'node:assert/strict'
import { test } from 'node:test'
import manifest from '../../package.json' with { type: 'json' }
import { run } from './strongroom.ts'

test('help, version and wrong usage', async () => {
  const help = await run(['--help'])
  assert.equal(help.exit, 0)
  assert.match(help.stdout, /^Strongroom, .*\n\nUsage: strongroom <COMMAND> \[OPTIONS\]\n/)
  assert.deepEqual(await run(['start', '-h']), help)
  assert.deepEqual(await run(['--version']), {
    exit: 0,
    stdout: `strongroom ${manifest.version}\n`,
    stderr: '',
  })
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^Strongroom, /],
    [['dance'], /unexpected argument 'dance'\n\nFor/],
    [['strat'], /unexpected argument 'strat'\n\n {2}tip: .*'start'\n\nFor/],
    [['bakup', 'create', '--to', 'x'], /\n {2}tip: .*'backup create'\n/],
    [['status', '--jsn'], /Unknown option '--jsn'\n\n {2}tip: a similar argument exists: '--json'\n/],
    [['start', 'now'], /unexpected argument 'now'/],
    [['stop', '--json'], /Unknown option '--json'/],
    [['status', '--home'], /'--home <value>' argument missing/],
    [['status', '--home', ''], /--home must not be empty/],
    [['start', '--listen', 'here:99999'], /--listen must be HOST:PORT/],
    [['start', '--listen', '::1'], /--listen must be HOST:PORT/],
    [['start', '--listen', '127.0.0.1:'], /--listen must be HOST:PORT/],
    [['start', '--etcd', '10.0.0.1:2379'], /--etcd must be URLs/],
    [['start', '--etcd-ca', 'ca.crt'], /--etcd is missing/],
    [['backup', 'create'], /--to FILE is needed/],
    [['backup', 'create', 'file'], /unexpected argument 'file'/],
    [['backup', 'restore'], /FILE is missing/],
    [['backup', 'restore', 'a', 'b'], /unexpected argument 'b'/],
    [['backup', 'restore', 'a'], /--master-key-file FILE or --passphrase-file FILE is needed/],
    [['backup', 'restore', 'a', '--passphrase-file', 'b', '--etcd-ca', 'c'], /--etcd is missing/],
    [['backup', 'inspect'], /FILE is missing/],
    [['node'], /unexpected argument 'node'/],
    [['node', 'dance'], /unexpected argument 'node'/],
    [['node', 'invite', '--json'], /Unknown option '--json'/],
    [['node', 'join'], /--secret-file FILE is needed, or - for standard input/],
    [['node', 'join', 'strongroom-invitation-x'], /unexpected argument/],
  ]
  for (const [words, expected] of wrong) {
    const { exit, stdout, stderr } = await run(words)
    assert.deepEqual([exit, stdout], [2, ''], words.join(' '))
    assert.match(stderr, expected)
  }
})
