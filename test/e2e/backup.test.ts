/** Backups with real HSMs: made, restored, and keys carried between the two with the CLI. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { Home } from '../../src/home/home.ts'
import { readRunning } from '../../src/home/running.ts'
import { untilElsewhere } from '../support/until.ts'
import {
  ALICE,
  activate,
  client,
  launch,
  type Ran,
  run,
  runWith,
  serve,
  temporaryHome,
} from './strongroom.ts'

const BIN = join(import.meta.dirname, '../../bin')
const ADMIN = { CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: 'admin:correct horse' }
const PASSPHRASE = 'a passphrase of some length'

/** A running HSM with alice, bob and a key of hers that he can use, and a backup of it. */
async function backedUp(t: TestContext) {
  const home = temporaryHome(t)
  const { child, ended } = await serve(home)
  const hsm = client(t, home)
  const admin = await activate(hsm)
  for (const username of ['alice', 'bob']) await hsm.call('user.create', { ...ALICE, username }, admin)
  const { token } = await hsm.call('session.login', ALICE)
  await hsm.call(
    'key.generate-pair',
    {
      'key-type': 'ec',
      curve: 'secp256r1',
      'public-label': 'pub',
      'private-label': 'pay',
      'private-attributes': { sign: true },
      'share-crypto-users': ['bob'],
    },
    token,
  )
  const file = join(home.root, 'backup')
  const words = ['backup', 'create', '--home', home.root, '--to', file, '--passphrase-file', '-']
  const created = await runWith(`${PASSPHRASE}\n`, words, ADMIN)
  assert.equal(created.stderr, '')
  const stop = async () => {
    child.kill()
    await ended
  }
  return { home, file, created, hsm, token, stop }
}

const restore = (home: Home, file: string, ...options: readonly string[]): Promise<Ran> =>
  run(['backup', 'restore', file, '--home', home.root, ...options])

const dataOf = ({ database }: Home): readonly string[] =>
  existsSync(dirname(database)) ? readdirSync(dirname(database)) : []

const withMasterKey = ({ masterKey }: Home): readonly string[] => ['--master-key-file', masterKey]

suite('strongroom backup', () => {
  test('a clone serves what the backup holds, and keys go to it and back', async (t) => {
    const { home, file, created, hsm, token } = await backedUp(t)
    assert.match(
      created.stdout,
      /^Wrote a backup of cluster-\w{11} to .*: 2 keys, 4 users, \d+ bytes.\nThe master key and the passphrase open it.\n$/,
    )
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(home.root).filter((name) => name.startsWith('backup')),
      ['backup'],
    )
    assert.doesNotMatch(readFileSync(file, 'latin1'), /alice|crypto-user|argon2id\$/)

    const clone = temporaryHome(t)
    const words = ['backup', 'restore', file, '--home', clone.root, '--passphrase-file', '-']
    const restored = await runWith(PASSPHRASE, words)
    assert.match(
      restored.stdout,
      /^Restored (cluster-\w{11}) of .* as (cluster-\w{11}), a clone of it: 2 keys, 4 users\.\n/,
    )
    const [, source = '', destination = ''] =
      /(cluster-\w{11}) of .* as (cluster-\w{11})/.exec(restored.stdout) ?? []
    assert.notEqual(source, destination)
    assert.notEqual(readFileSync(clone.masterKey, 'utf8'), readFileSync(home.masterKey, 'utf8'))
    await serve(clone)

    await hsm.call(
      'key.generate-symmetric',
      { 'key-type': 'aes', 'key-length-bytes': 32, label: 'new' },
      token,
    )
    const env = {
      PATH: process.env['PATH'],
      STRONGROOM_HOME: home.root,
      CLOUDHSM_ROLE: 'crypto-user',
      CLOUDHSM_PIN: 'alice:correct horse',
      DESTINATION_CLOUDHSM_ROLE: 'crypto-user',
      DESTINATION_CLOUDHSM_PIN: 'alice:correct horse',
    }
    const cli = (program: string, ...args: readonly string[]) => {
      const { stdout, stderr, status } = spawnSync(join(BIN, program), args, { env, encoding: 'utf8' })
      assert.equal(status, 0, stdout + stderr)
      return stdout
    }
    const address = `127.0.0.1:${readRunning(clone)?.port}`
    cli(
      'configure-cli',
      'add-cluster',
      '--cluster-id',
      destination,
      '-a',
      address,
      '--hsm-ca-cert',
      clone.clientCa,
    )
    const between = ['--source-cluster-id', source, '--destination-cluster-id', destination]
    const replicated = JSON.parse(
      cli('cloudhsm-cli', 'key', 'replicate', '--filter', 'attr.label=new', ...between),
    )
    assert.equal(replicated.data.message, 'Successfully replicated key')

    const there = client(t, clone)
    const login = await there.call('session.login', { ...ALICE, username: 'bob' })
    const { matched_keys } = await there.call('key.list', { filter: ['attr.label=pay'] }, login.token)
    const filter = [`key-reference=${matched_keys[0]?.['key-reference']}`]
    const mechanism = { name: 'ecdsa', hash: 'sha256', input: 'raw' } as const
    const signed = await there.call('crypto.sign', { filter, mechanism, data: ['aGk='] }, login.token)
    assert.equal(signed.signatures.length, 1)
    const unshare = ['--username', 'bob', '--role', 'crypto-user', '--cluster-id', destination]
    cli('cloudhsm-cli', 'key', 'unshare', '--filter', ...filter, ...unshare)
    const again = there.call('crypto.sign', { filter, mechanism, data: ['aGk='] }, login.token)
    await assert.rejects(again, { code: 'key-selection' })

    const [, old = ''] = /hsm-id +(\S+)/.exec((await run(['backup', 'inspect', file])).stdout) ?? []
    const log = await run(['audit', '--home', clone.root, '--hsm', old], ADMIN)
    assert.match(log.stdout, /cluster\.activate {2}ok[\s\S]*key\.generate-pair {2}ok/)
    assert.match(
      (await run(['audit', '--home', clone.root], ADMIN)).stdout,
      /backup\.restore {2}ok {2}cluster\//,
    )
    const none = await run(['audit', '--home', clone.root, '--hsm', 'hsm-none'], ADMIN)
    assert.deepEqual([none.exit, none.stderr], [1, 'strongroom: There is no audit log of hsm-none here\n'])
  })

  test('nothing is changed by what is refused', async (t) => {
    const { home, file, stop } = await backedUp(t)
    const env = { ...ADMIN, CLOUDHSM_PIN: 'alice:correct horse', CLOUDHSM_ROLE: 'crypto-user' }
    const create = (to: string, as = ADMIN) => run(['backup', 'create', '--home', home.root, '--to', to], as)
    assert.match((await create(file)).stderr, /backup exists already\n$/)
    assert.match((await create(join(home.root, 'other'), env)).stderr, /Only a user with the role admin/)
    assert.match(
      (await create(join(home.root, 'no', 'where'))).stderr,
      /^strongroom: Cannot write \S+: no such file or directory\n$/,
    )
    const short = [
      'backup',
      'create',
      '--home',
      home.root,
      '--to',
      join(home.root, 'x'),
      '--passphrase-file',
      '-',
    ]
    assert.match((await runWith('too short', short, ADMIN)).stderr, /must have at least 12 characters/)
    assert.deepEqual(
      readdirSync(home.root).filter((name) => /^(other|x|no)/.test(name)),
      [],
    )
    await stop()

    const clone = temporaryHome(t)
    const damagedFile = join(home.root, 'damaged')
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(damagedFile, bytes)
    const refusals: readonly (readonly [Ran, RegExp])[] = [
      [await restore(clone, damagedFile, ...withMasterKey(home)), /The backup is damaged, or not whole/],
      [await restore(clone, home.database, ...withMasterKey(home)), /is not a backup of Strongroom/],
      [await restore(clone, 'nowhere', ...withMasterKey(home)), /no such file or directory/],
      [await restore(home, file, ...withMasterKey(home)), /There is an HSM in .* already/],
      [
        await restore(clone, file, '--passphrase-file', home.masterKey),
        /The passphrase does not open the backup/,
      ],
      [await restore(clone, file, '--master-key-file', file), /Others can read|is damaged/],
    ]
    for (const [{ exit, stdout, stderr }, expected] of refusals) {
      assert.deepEqual([exit, stdout], [1, ''])
      assert.match(stderr, expected)
    }
    assert.deepEqual(dataOf(clone), [])

    const kept = await restore(clone, file, ...withMasterKey(home), '--keep-id')
    assert.match(kept.stdout, /^Restored (cluster-\w{11}) of \S+: 2 keys, 4 users\.\n/)
    await serve(clone)
    const status = await client(t, clone).call('cluster.status', {})
    assert.ok(kept.stdout.includes(status['cluster-id']))
  })

  test('kill -9 in the middle of it leaves a home that can be restored into', async (t) => {
    const { home, file, stop } = await backedUp(t)
    await stop()
    const clone = temporaryHome(t)
    mkdirSync(clone.root, { recursive: true })
    const pipe = join(home.root, 'pipe')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    const { child, ended } = launch(['backup', 'restore', pipe, '--home', clone.root, ...withMasterKey(home)])
    const backup = readFileSync(file)
    const end = openSync(pipe, 'w')
    writeSync(end, backup, 0, backup.length - 100)
    const unfinished = () => readdirSync(clone.root).find((name) => name.startsWith('restoring-'))
    await untilElsewhere('the restore is under way', () => unfinished() !== undefined)
    child.kill('SIGKILL')
    await ended
    closeSync(end)
    assert.deepEqual(dataOf(clone), [])
    assert.ok(unfinished())
    assert.equal((await restore(clone, file, ...withMasterKey(home))).exit, 0)
    assert.equal(unfinished(), undefined)
    const whole = ['hsm-id', 'master.key', 'strongroom.db', 'strongroom.db-mark']
    assert.deepEqual(dataOf(clone).toSorted(), whole)
  })
})
