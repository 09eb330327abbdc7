/** `cloudhsm-cli agent`: what commands print with it is what they print without, and what becomes of the logins that it holds. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { showAddress } from '../../src/base/listen-address.ts'
import type { RemoteHsm } from '../../src/client/connect.ts'
import { homeAt } from '../../src/home/home.ts'
import { readRunning } from '../../src/home/running.ts'
import { clientOf } from '../support/homes.ts'
import { createWorld, makeAes, PASSWORD, type World } from '../support/world.ts'
import { agentUser, PROGRAM } from './login-agent.ts'
import { launch, logLine, type Serving, serve } from './strongroom.ts'

const ROLE = 'crypto-user'
const pin = (username: string, password = PASSWORD) => ({
  CLOUDHSM_ROLE: ROLE,
  CLOUDHSM_PIN: `${username}:${password}`,
})

suite('cloudhsm-cli agent', () => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-agent-test-'))
  const home = homeAt(join(root, 'home'))
  const { cli, start, holds, stopAll } = agentUser(root, home.clientConfig)
  let serving: Serving
  let hsm: RemoteHsm
  let world: World
  let key: string

  before(async () => {
    serving = await serve(home, '--pkcs11', 'none')
    hsm = clientOf(home)
    world = await createWorld(hsm)
    key = await makeAes(world, 'alice', 'shared')
  })
  after(async () => {
    stopAll()
    hsm.close()
    serving.child.kill()
    await serving.ended
    rmSync(root, { recursive: true })
  })

  async function logins(username: string): Promise<readonly string[]> {
    const { entries } = await world.as('admin', 'audit.list', {
      only: { operation: 'session.login', user: username },
    })
    return entries.map(({ outcome }) => outcome)
  }

  test('prints what is printed without it, byte for byte', () => {
    const agent = start()
    const filter = ['--filter', `key-reference=${key}`]
    const lines: readonly (readonly [
      words: readonly string[],
      env?: Readonly<Record<string, string>>,
      cwd?: string,
    ])[] = [
      [['key', 'list', '--verbose'], pin('alice')],
      [['key', 'unshare', ...filter, '--username', 'bob', '--role', ROLE], pin('alice')],
      [['key', 'share', ...filter, '--username', 'nobody', '--role', ROLE], pin('alice')],
      [['key', 'list', '--filter', 'nonsense'], pin('alice')],
      [['key', 'list', '--nonsense'], pin('alice')],
      [['--verbose', 'key', 'delete', '--filter', 'attr.label=none'], pin('alice')],
      [['key', 'list', '--cluster-id', 'cluster-none'], pin('alice')],
      [['key', 'list'], pin('alice', 'wrong')],
      [['key', 'list'], { ...pin('alice'), CLOUDHSM_ROLE: 'admin' }],
      [['key', 'list'], { ...pin('alice'), CLOUDHSM_ROLE: 'nonsense' }],
      [['key', 'list'], { CLOUDHSM_ROLE: ROLE }],
      [['user', 'list']],
      [['cluster', 'hsm-info']],
      [['user', 'create', '--username', 'x', '--role', ROLE, '--password', 'long enough'], pin('alice')],
      [['logout'], pin('alice')],
      [['login', '--username', 'alice', '--role', ROLE], pin('alice')],
      [['key', 'list'], { ...pin('alice'), CLOUDHSM_CLI_CONFIG: '/nowhere/cli.cfg' }],
      [['--config', 'cloudhsm-cli.cfg', 'key', 'list'], pin('bob'), dirname(home.clientConfig)],
      [['--config', 'none.cfg', 'key', 'list'], pin('bob'), dirname(home.clientConfig)],
      [['key', 'list'], { ...pin('bob'), STRONGROOM_HOME: home.root, CLOUDHSM_CLI_CONFIG: '' }],
      [['key', 'list'], { ...pin('bob'), HOME: '', CLOUDHSM_CLI_CONFIG: '' }],
    ]
    for (const [words, env, cwd] of lines) {
      const without = cli(words, env, cwd)
      for (const _ of [1, 2])
        assert.deepEqual(cli(words, { ...env, ...agent }, cwd), without, words.join(' '))
    }
  })

  test('logs in once, and a command that names nobody goes on with the only login', async () => {
    const agent = start()
    const before = await logins('carol')
    for (const _ of [1, 2, 3]) assert.equal(cli(['key', 'list'], { ...agent, ...pin('carol') }).status, 0)
    assert.equal(cli(['key', 'list'], agent).status, 0)
    assert.equal((await logins('carol')).length, before.length + 1)
    assert.deepEqual(holds(agent), ['carol'])
    cli(['key', 'list'], { ...agent, ...pin('bob') })
    assert.match(cli(['key', 'list'], agent).stdout, /Not logged in: set CLOUDHSM_ROLE and CLOUDHSM_PIN/)
  })

  test('two commands at once share the login', async () => {
    const agent = start()
    const before = await logins('carol')
    const env = { ...process.env, ...agent, ...pin('carol'), CLOUDHSM_CLI_CONFIG: home.clientConfig }
    const both = [1, 2].map(
      async () => (await once(spawn(PROGRAM, ['key', 'list'], { env, stdio: 'ignore' }), 'exit'))[0],
    )
    assert.deepEqual(await Promise.all(both), [0, 0])
    assert.equal((await logins('carol')).length, before.length + 1)
  })

  test('another password is for the HSM to judge, and counts as it does without an agent', async () => {
    const agent = start()
    assert.equal(cli(['key', 'list'], { ...agent, ...pin('bob') }).status, 0)
    const before = await logins('bob')
    for (const wrong of ['wrong', '', `${PASSWORD} `, PASSWORD.slice(0, -1)]) {
      const { status, stdout } = cli(['key', 'list'], { ...agent, ...pin('bob', wrong) })
      assert.deepEqual([status, JSON.parse(stdout).data], [1, 'Incorrect authentication credentials'])
    }
    assert.equal((await logins('bob')).length, before.length + 4)
    assert.equal(cli(['key', 'list'], { ...agent, ...pin('bob') }).status, 0)
    assert.equal((await logins('bob')).length, before.length + 4)
  })

  test('a login that was ended elsewhere is proven again', async () => {
    const agent = start()
    const first = { ...agent, ...pin('bob') }
    assert.equal(cli(['key', 'list'], first).status, 0)
    await world.as('admin', 'user.logout', { username: 'bob', role: ROLE })
    assert.match(cli(['key', 'list'], agent).stdout, /The login has ended, log in again/)
    assert.equal(cli(['key', 'list'], first).status, 0)
    await world.as('admin', 'user.change-password', {
      username: 'bob',
      role: ROLE,
      password: 'another one',
      force: true,
    })
    assert.match(cli(['key', 'list'], first).stdout, /Incorrect authentication credentials/)
    assert.equal(cli(['key', 'list'], { ...agent, ...pin('bob', 'another one') }).status, 0)
    assert.match(cli(['key', 'list'], first).stdout, /Incorrect authentication credentials/)
    await world.as('admin', 'user.change-password', {
      username: 'bob',
      role: ROLE,
      password: PASSWORD,
      force: true,
    })
  })

  test('a login survives a restart of the HSM', async () => {
    const agent = start()
    assert.equal(cli(['key', 'list'], { ...agent, ...pin('carol') }).status, 0)
    const address = showAddress(readRunning(home) ?? assert.fail('it runs'))
    serving.child.kill()
    await serving.ended
    serving = launch(['start', '--home', home.root, '--listen', address, '--pkcs11', 'none'])
    await logLine(serving, 'serving')
    hsm.close()
    hsm = clientOf(home)
    assert.equal(cli(['key', 'list'], agent).status, 0)
    const { token } = await hsm.call('session.login', {
      username: 'admin',
      role: 'admin',
      password: PASSWORD,
    })
    world = { ...world, as: (_who, operation, request) => hsm.call(operation, request, token) }
  })

  test('lock and stop log out at the HSM', async () => {
    const agent = start()
    cli(['key', 'list'], { ...agent, ...pin('carol') })
    assert.deepEqual(JSON.parse(cli(['agent', 'lock'], agent).stdout), { error_code: 0, data: { ended: 1 } })
    assert.deepEqual(holds(agent), [])
    assert.match(cli(['key', 'list'], agent).stdout, /Not logged in: set/)
    cli(['key', 'list'], { ...agent, ...pin('carol') })
    assert.equal(cli(['agent', 'stop', '--shell', 'fish'], agent).stdout, 'set -e STRONGROOM_AGENT_SOCK;\n')
    const { entries } = await world.as('admin', 'audit.list', {
      only: { operation: 'session.logout', user: 'carol' },
    })
    assert.ok(entries.length >= 2)
    assert.equal(existsSync(dirname(agent.STRONGROOM_AGENT_SOCK)), false)
  })

  for (const option of ['--lifetime', '--idle']) {
    test(`a login is over after ${option}`, async () => {
      const agent = start([option, '1', ...(option === '--idle' ? ['--lifetime', '100'] : ['--idle', '100'])])
      cli(['key', 'list'], { ...agent, ...pin('carol') })
      await delay(2500)
      const { stderr, stdout } = cli(['key', 'list'], agent)
      assert.match(stdout, /Not logged in: set/)
      assert.match(stderr, option === '--idle' ? /^$/ : /^$|is not running/)
    })
  }
})
