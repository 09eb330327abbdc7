import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { untilElsewhere } from '../support/until.ts'
import { ALICE, ANY_PORT, activate, client, logLine, run, serve, temporaryHome } from './strongroom.ts'

test('start, status, stop', async (t) => {
  const home = temporaryHome(t)
  const here = ['--home', home.root]
  const started = await run(['start', ...here, ...ANY_PORT, '--detach'])
  assert.equal(started.stderr, '')
  const [, address, pid] =
    /^Strongroom is serving on (\S+) \(process (\d+)\); log: /.exec(started.stdout) ?? []
  assert.equal(started.exit, 0)

  const text = await run(['status', ...here])
  assert.equal(text.exit, 0)
  assert.match(
    text.stdout,
    new RegExp(
      `^pid +${pid}\naddress +${address}\ncluster-id +cluster-[a-z2-7]{11}\nstate +INITIALIZED\nmode +non-fips\nhsm-type +hsm2m.medium\nuptime-seconds +\\d+\nusers +2\nkeys +0\nsessions +0\nserving +yes\n$`,
    ),
  )
  const {
    'cluster-id': id,
    'uptime-seconds': uptime,
    ...facts
  } = JSON.parse((await run(['status', ...here, '--json'])).stdout)
  const founded = { state: 'INITIALIZED', mode: 'non-fips', 'hsm-type': 'hsm2m.medium' }
  assert.deepEqual(facts, {
    pid: Number(pid),
    address,
    ...founded,
    users: 2,
    keys: 0,
    sessions: 0,
    serving: true,
  })
  assert.ok(Number.isInteger(uptime))
  assert.match(id, /^cluster-/)

  const stopped = await run(['stop', ...here])
  assert.deepEqual(stopped, { exit: 0, stdout: `Strongroom has stopped (process ${pid})\n`, stderr: '' })
  const sentence = `strongroom: Strongroom is not running on ${home.root}. Start it with: strongroom start --home ${home.root}\n`
  assert.deepEqual(await run(['status', ...here]), { exit: 1, stdout: '', stderr: sentence })
  assert.equal((await run(['stop', ...here])).exit, 0)
})

test('one process per home', async (t) => {
  const home = temporaryHome(t)
  const { child, ended } = await serve(home)
  for (const detach of [[], ['--detach']]) {
    const second = await run(['start', '--home', home.root, ...ANY_PORT, ...detach])
    const stderr = `strongroom: Strongroom is already running on ${home.root} (process ${child.pid})\n`
    assert.deepEqual(second, { exit: 1, stdout: '', stderr })
  }
  assert.equal((await run(['status', '--home', home.root])).exit, 0)
  child.kill()
  assert.equal((await ended).exit, 0)
})

test('an address in use is named, detached or not', async (t) => {
  const other = createServer()
  await once(other.listen(0, '127.0.0.1'), 'listening')
  t.after(() => other.close())
  const { port } = other.address() as { port: number }
  const home = temporaryHome(t)
  for (const detach of [[], ['--detach']]) {
    const { exit, stderr } = await run([
      'start',
      '--home',
      home.root,
      '--listen',
      `127.0.0.1:${port}`,
      ...detach,
    ])
    assert.deepEqual(
      [exit, stderr],
      [1, `strongroom: Cannot listen on 127.0.0.1:${port}: another program is using it\n`],
    )
  }
})

test('a signal lets a request under way finish, and a new one is not accepted', async (t) => {
  const home = temporaryHome(t)
  const serving = await serve(home)
  const hsm = client(t, home)
  const admin = await activate(hsm)
  await hsm.call('user.create', ALICE, admin)
  const { token } = await hsm.call('session.login', ALICE)
  const pair = {
    'key-type': 'rsa',
    'modulus-size-bits': 4096,
    'public-exponent': 65537,
    'public-label': 'a',
    'private-label': 'b',
  } as const
  const made = hsm.call('key.generate-pair', pair, token)
  // Answered on the same connection after the other has been taken in.
  await hsm.call('cluster.status', {})
  serving.child.kill('SIGTERM')
  assert.equal((await made).private_key.attributes['label'], 'b')
  assert.equal((await serving.ended).exit, 0)
  assert.equal(existsSync(home.running), false)

  const again = await serve(home)
  assert.equal((await client(t, home).call('cluster.status', {})).keys, 2)
  again.child.kill('SIGINT')
  assert.equal((await again.ended).exit, 0)
})

test('a session ends with the connection that it was bound to', async (t) => {
  const home = temporaryHome(t)
  const serving = await serve(home)
  const observer = client(t, home)
  const admin = await activate(observer)
  await observer.call('user.create', ALICE, admin)
  const bound = client(t, home, true)
  await bound.call('session.login', ALICE)
  const sessions = async () => (await observer.call('cluster.status', {})).sessions
  assert.equal(await sessions(), 2)
  bound.close()
  await untilElsewhere('the session is gone', async () => (await sessions()) === 1)
  serving.child.kill()
  await serving.ended
})

test('a second signal ends the process at once', async (t) => {
  const home = temporaryHome(t)
  const serving = await serve(home)
  const hsm = client(t, home)
  await hsm.call('cluster.status', {})
  // A password is being hashed: not even the first of 100 logins is done when the second signal comes.
  const logins = Array.from({ length: 100 }, () =>
    hsm.call('cluster.activate', { password: 'correct horse' }),
  )
  const settled = Promise.allSettled(logins)
  await hsm.call('cluster.status', {})
  serving.child.kill('SIGTERM')
  await logLine(serving, 'stopping')
  serving.child.kill('SIGTERM')
  assert.equal((await serving.ended).exit, 1)
  await settled
})

test('nothing that was acknowledged is lost when the process is killed, and its traces do not stand in the way', async (t) => {
  const home = temporaryHome(t)
  const killed = await serve(home)
  const hsm = client(t, home)
  const admin = await activate(hsm)
  await hsm.call('user.create', ALICE, admin)
  killed.child.kill('SIGKILL')
  await killed.ended
  assert.ok(existsSync(home.running))
  const { exit, stderr } = await run(['status', '--home', home.root])
  assert.equal(exit, 1)
  assert.match(stderr, /connection refused\. Is it running\?/)
  // Its process id belongs to another program now: this one.
  writeFileSync(home.running, JSON.stringify({ pid: process.pid, host: '127.0.0.1', port: 2223 }))
  assert.match((await run(['stop', '--home', home.root])).stdout, /^Strongroom is not running/)

  const serving = await serve(home)
  assert.equal((await client(t, home).call('session.login', ALICE)).username, 'alice')
  serving.child.kill()
  assert.equal((await serving.ended).exit, 0)
})

test('the log has no secret in it', async (t) => {
  const home = temporaryHome(t)
  const serving = await serve(home)
  const hsm = client(t, home)
  const admin = await activate(hsm)
  await hsm.call('session.login', { ...ALICE, password: 'wrong password' }).catch(() => undefined)
  await hsm.call('user.create', { ...ALICE, username: 'admin' }, admin).catch(() => undefined)
  serving.child.kill()
  const { stdout } = await serving.ended
  assert.match(stdout, /"outcome":"bad-credentials"/)
  for (const secret of [
    admin,
    'correct horse',
    'wrong password',
    readFileSync(home.masterKey, 'utf8').trim(),
  ]) {
    assert.equal(stdout.includes(secret), false)
  }
})
