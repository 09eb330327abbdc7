/** A shell or an agent whose HSM fails goes on with another one, until its login is ended there; two nodes on a real etcd. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { RemoteHsm } from '../../src/client/connect.ts'
import type { Home } from '../../src/home/home.ts'
import { readRunning } from '../../src/home/running.ts'
import { startEtcd } from '../support/etcd.ts'
import { interactiveShell } from './interactive.ts'
import { agentUser } from './login-agent.ts'
import { ALICE, activate, client, run, runWith, serve, temporaryHome } from './strongroom.ts'

const etcd = await startEtcd()
after(etcd.stop)

async function startTwo(t: TestContext, clusterId: string) {
  const [home, second] = [temporaryHome(t), temporaryHome(t)]
  const founder = ['--etcd', etcd.endpoints.join(), '--cluster-id', clusterId, '--hsm-id', 'hsm-a']
  const first = await serve(home, ...founder)
  const { stdout } = await run(['node', 'invite', '--home', home.root])
  await runWith(stdout, ['node', 'join', '--home', second.root, '--secret-file', '-'])
  return [
    { home, serving: first },
    { home: second, serving: await serve(second, '--hsm-id', 'hsm-b') },
  ] as const
}

/** Path of a configuration that names these HSMs, in that order. */
function configOf(homes: readonly [Home, ...Home[]]): string {
  const config = JSON.parse(readFileSync(homes[0].clientConfig, 'utf8'))
  config.clusters[0].cluster.servers = homes.map((home) => {
    const { host: hostname, port } = readRunning(home) ?? assert.fail()
    return { hostname, port, enable: true }
  })
  const path = join(homes[0].root, 'both.cfg')
  writeFileSync(path, JSON.stringify(config))
  return path
}

/** Who went on with a login on the second HSM, and how that ended. */
async function resumed(admin: RemoteHsm, token: string) {
  const { entries } = await admin.call('audit.list', { hsm: 'hsm-b', count: 1000 }, token)
  return entries
    .filter(({ operation }) => operation === 'session.resume')
    .map(({ outcome, subjects }) => [outcome, subjects])
}

test('a shell goes on when its HSM is killed, and not when its logins are ended', async (t) => {
  const [a, b] = await startTwo(t, 'cluster-resume')
  const admin = client(t, b.home)
  const token = await activate(admin)
  await admin.call('user.create', ALICE, token)
  const shell = interactiveShell(t, configOf([a.home, b.home]))
  const { username, role, password } = ALICE
  const login = `login --username ${username} --role ${role} --password "${password}"`
  await shell.type(login, /"username": "alice"[^}]*}\s*}/)
  await shell.type('key generate-symmetric aes --label k --key-length-bytes 32', /"key-reference"/)

  a.serving.child.kill('SIGKILL')
  await a.serving.ended
  // What is asked before that is lost with the connection.
  await shell.shows(/The login goes on; its session keys are gone/)
  await shell.type('key list', /"total_key_count": 1/)
  assert.deepEqual(await resumed(admin, token), [['ok', ['user/alice']]])

  await admin.call('user.logout', { username, role }, token)
  await shell.type('key list', /The login has ended, log in again/)
  await shell.type('key list', /Not logged in/)
  await shell.type(login, /"username": "alice"[^}]*}\s*}/)

  // Logged out, it is nowhere any more, whichever HSM is asked.
  await shell.type('logout', /Logout successful/)
  const again = await serve(a.home, '--hsm-id', 'hsm-a')
  await shell.type('key list', /Not logged in/)
  await shell.end()
  for (const { child, ended } of [again, b.serving]) {
    child.kill()
    await ended
  }
})

test('an agent goes on when its HSM is killed, and not when its login is ended', async (t) => {
  const [a, b] = await startTwo(t, 'cluster-agent')
  const admin = client(t, b.home)
  const token = await activate(admin)
  await admin.call('user.create', ALICE, token)
  const root = mkdtempSync(join(tmpdir(), 'strongroom-agent-test-'))
  const { cli, start, holds, stopAll } = agentUser(root, configOf([a.home, b.home]))
  t.after(() => {
    stopAll()
    rmSync(root, { recursive: true })
  })
  const { username, role, password } = ALICE
  const agent = start()
  const alice = { ...agent, CLOUDHSM_ROLE: role, CLOUDHSM_PIN: `${username}:${password}` }
  const made = cli(['key', 'generate-symmetric', 'aes', '--label', 'k', '--key-length-bytes', '32'], alice)
  assert.deepEqual([made.status, made.stderr], [0, ''], made.stdout)

  a.serving.child.kill('SIGKILL')
  await a.serving.ended
  const listed = cli(['key', 'list'], agent)
  assert.deepEqual([listed.status, listed.stderr], [0, ''], listed.stdout)
  assert.match(listed.stdout, /"total_key_count": 1/)
  assert.deepEqual(await resumed(admin, token), [['ok', ['user/alice']]])
  assert.deepEqual(holds(agent), [username])

  await admin.call('user.logout', { username, role }, token)
  assert.match(cli(['key', 'list'], agent).stdout, /The login has ended, log in again/)
  assert.match(cli(['key', 'list'], agent).stdout, /Not logged in: set CLOUDHSM_ROLE and CLOUDHSM_PIN/)
  assert.match(cli(['key', 'list'], alice).stdout, /"total_key_count": 1/)
  assert.deepEqual(holds(agent), [username])
})
