/** A home whose newest changes are lost: refused, accepted by name, and written down. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { ANY_PORT, activate, client, run, serve, startOnce, temporaryHome } from './strongroom.ts'

const ADMIN = { CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: 'admin:correct horse' }

test('an older copy of the database is refused, and taken when an administrator says so', async (t) => {
  const home = temporaryHome(t)
  const here = ['--home', home.root]
  const first = await serve(home)
  const admin = await activate(client(t, home))
  first.child.kill()
  await first.ended
  copyFileSync(home.database, `${home.database}.old`)

  const second = await serve(home)
  const hsm = client(t, home)
  const { token } = await hsm.call('session.login', {
    username: 'admin',
    role: 'admin',
    password: 'correct horse',
  })
  assert.notEqual(token, admin)
  await hsm.call('user.create', { username: 'alice', role: 'crypto-user', password: 'correct horse' }, token)
  second.child.kill('SIGKILL')
  await second.ended

  rmSync(`${home.database}-wal`)
  for (const detach of [[], ['--detach']]) {
    const { exit, stderr } = await run(['start', ...here, ...ANY_PORT, ...detach])
    assert.equal(exit, 1)
    assert.match(
      stderr,
      /^strongroom: The store may be older than what this HSM last answered: .*--accept-rollback\n$/,
    )
  }
  copyFileSync(`${home.database}.old`, home.database)
  assert.equal((await run(['start', ...here, ...ANY_PORT])).exit, 1)

  const third = await serve(home, '--accept-rollback')
  const log = await run(['audit', ...here], ADMIN)
  assert.match(log.stdout, /- {2}store\.accept-rollback {2}ok {2}change\/\d+ {2}newest\/\d+\n/)
  third.child.kill()
  await third.ended

  const again = await run(['start', ...here, ...ANY_PORT, '--accept-rollback'])
  assert.equal(again.stderr, 'strongroom: The store is not rolled back; start without --accept-rollback\n')
  await startOnce(home)
})

test('a log with a damaged bit, after a kill, gives nothing back', async (t) => {
  const home = temporaryHome(t)
  const serving = await serve(home)
  await activate(client(t, home))
  serving.child.kill('SIGKILL')
  await serving.ended
  const path = `${home.database}-wal`
  assert.ok(existsSync(path))
  const log = readFileSync(path)
  for (const [what, bytes] of Object.entries({ 'cut off': log.subarray(0, 32), flipped: flip(log) })) {
    writeFileSync(path, bytes)
    const { exit, stderr } = await run(['start', '--home', home.root, ...ANY_PORT])
    assert.deepEqual([exit, /may be older/.test(stderr)], [1, true], what)
    assert.deepEqual(readFileSync(path), Buffer.from(bytes), what)
  }
  writeFileSync(path, log)
  await startOnce(home)
})

function flip(log: Buffer): Buffer {
  const copy = Buffer.from(log)
  copy[100] = (copy[100] ?? 0) ^ 1
  return copy
}
