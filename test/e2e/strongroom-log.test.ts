/** The log of an HSM, and SIGHUP: what is read anew without a restart. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import type { Home } from '../../src/home/home.ts'
import { readRunning } from '../../src/home/running.ts'
import { untilElsewhere } from '../support/until.ts'
import { ANY_PORT, client, launch, logLine, run, serve, temporaryHome } from './strongroom.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main', 'strongroom.ts')

const lines = (path: string) =>
  (existsSync(path) ? readFileSync(path, 'utf8') : '').split('\n').filter(Boolean)

async function shownCertificate(t: TestContext, home: Home): Promise<TLSSocket> {
  const { port } = readRunning(home) ?? assert.fail()
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: readFileSync(home.clientCa),
    ALPNProtocols: ['h2'],
    servername: 'localhost',
  })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

test('in the background the log can be moved away, and SIGHUP goes on with a new one', async (t) => {
  const home = temporaryHome(t)
  await run(['start', '--home', home.root, ...ANY_PORT, '--detach'])
  const { pid } = readRunning(home) ?? assert.fail()
  renameSync(home.log, `${home.log}.moved`)
  process.kill(pid, 'SIGHUP')
  await untilElsewhere('it logs', () => lines(home.log).length > 0)
  assert.match(lines(home.log)[0] ?? '', /reading log and certificate anew/)
  assert.match(lines(`${home.log}.moved`).at(-1) ?? '', /serving/)
  assert.equal((await run(['status', '--home', home.root])).exit, 0)
  assert.equal((await run(['stop', '--home', home.root])).exit, 0)
  assert.match(lines(home.log).at(-1) ?? '', /"msg":"stopped"/)
})

test('the log goes where it is asked to, and so it does after a restart', async (t) => {
  const home = temporaryHome(t)
  const log = join(home.root, 'elsewhere.log')
  const here = ['--home', home.root]
  const first = await run(['start', ...here, ...ANY_PORT, '--detach', '--log', log])
  assert.ok(first.stdout.endsWith(`log: ${log}\n`))
  await run(['stop', ...here])
  const second = await run(['start', ...here, '--detach'])
  assert.ok(second.stdout.endsWith(`log: ${log}\n`))
  await run(['stop', ...here])
  assert.equal(lines(log).filter((line) => line.includes('"msg":"serving"')).length, 2)
  assert.deepEqual(lines(home.log), [])
  const third = await run(['start', ...here, '--detach', '--log', '/proc/no/such'])
  const stderr = 'strongroom: The log /proc/no/such cannot be opened: no such file or directory\n'
  assert.deepEqual(third, { exit: 1, stdout: '', stderr })
})

test('where standard output is the journal, lines have their priority', async (t) => {
  const home = temporaryHome(t)
  const path = join(home.root, 'journal')
  const journal = openSync(path, 'a')
  const { dev, ino } = fstatSync(journal)
  const child = spawn(process.execPath, [PROGRAM, 'start', '--home', home.root, ...ANY_PORT], {
    stdio: ['ignore', journal, 'ignore'],
    env: { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` },
  })
  await untilElsewhere('it logs', () => lines(path).length > 0)
  assert.match(lines(path)[0] ?? '', /^<6>\{"level":"info"/)
  child.kill()
  await once(child, 'exit')
})

test('SIGHUP reads the certificate anew, and open connections stay', async (t) => {
  const home = temporaryHome(t)
  const serving = await serve(home)
  const open = client(t, home)
  const before = await shownCertificate(t, home)
  assert.ok((await open.call('cluster.status', {})).state)
  for (const file of [home.serverKey, home.serverCert]) rmSync(file)
  serving.child.kill('SIGHUP')
  await untilElsewhere('there is a certificate', () => existsSync(home.serverCert))
  let after = before
  const fingerprint = (socket: TLSSocket) => socket.getPeerCertificate().fingerprint256
  await untilElsewhere('another certificate is shown', async () => {
    after = await shownCertificate(t, home)
    return fingerprint(after) !== fingerprint(before)
  })
  assert.equal(after.alpnProtocol, 'h2')
  assert.equal(after.authorized, true)
  assert.equal(before.destroyed, false)
  assert.ok((await open.call('cluster.status', {})).state)
  for (const socket of [before, after]) socket.destroy()
  serving.child.kill()
  assert.equal((await serving.ended).exit, 0)
})

test('a certificate that is damaged at SIGHUP is named in the log, and the former one stays in use', async (t) => {
  const home = temporaryHome(t)
  const log = join(home.root, 'hsm.log')
  await run(['start', '--home', home.root, ...ANY_PORT, '--detach', '--log', log])
  const { pid } = readRunning(home) ?? assert.fail()
  const before = await shownCertificate(t, home)
  writeFileSync(home.serverCert, 'damaged')
  process.kill(pid, 'SIGHUP')
  const isWarning = (line: string) => line.includes('the certificate was left as it is')
  await untilElsewhere('the log warns', () => lines(log).some(isWarning))
  const [warning = ''] = lines(log).filter(isWarning)
  const { level, problem } = JSON.parse(warning)
  assert.equal(level, 'warn')
  assert.equal(problem, `The certificate ${home.serverCert} cannot be used: there is no certificate in it`)
  const after = await shownCertificate(t, home)
  assert.equal(after.getPeerCertificate().fingerprint256, before.getPeerCertificate().fingerprint256)
  assert.equal(readFileSync(home.serverCert, 'utf8'), 'damaged')
  for (const socket of [before, after]) socket.destroy()
  await run(['stop', '--home', home.root])
})

test('an HSM ends with its terminal, and no earlier', async (t) => {
  const home = temporaryHome(t)
  // util-linux: a terminal of its own for the HSM, which is gone when script is killed.
  const words = [process.execPath, PROGRAM, 'start', '--home', home.root, ...ANY_PORT]
  if (spawnSync('script', ['--version']).error) return t.skip('script is not installed')
  const terminal = spawn('script', ['--quiet', '--command', `exec ${words.join(' ')}`, '/dev/null'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await untilElsewhere('it runs', () => existsSync(home.running))
  const { pid } = readRunning(home) ?? assert.fail()
  process.kill(pid, 'SIGHUP')
  assert.equal((await run(['status', '--home', home.root])).exit, 0)
  terminal.kill('SIGKILL')
  await untilElsewhere('it has ended', () => !existsSync(home.running))
})

test('whoever reads the log may leave', async (t) => {
  const home = temporaryHome(t)
  const serving = launch(['start', '--home', home.root, ...ANY_PORT])
  await logLine(serving, 'serving')
  serving.child.stdout?.destroy()
  await assert.rejects(
    client(t, home).call('session.login', { username: 'x', role: 'admin', password: 'wrong' }),
  )
  assert.equal((await run(['status', '--home', home.root])).exit, 0)
  serving.child.kill()
  assert.equal((await serving.ended).exit, 0)
})
