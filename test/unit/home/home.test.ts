import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { localAddress, parseListen, showAddress } from '../../../src/base/listen-address.ts'
import { createAuthority, type Identity } from '../../../src/certificates/certificates.ts'
import { loadAuthority, loadTls } from '../../../src/certificates/tls.ts'
import { defaultHome } from '../../../src/client-config/locate.ts'
import { createFile, readSecretIfThere, replaceFile } from '../../../src/home/files.ts'
import { type Home, homeAt, looseDirectories, makeHome } from '../../../src/home/home.ts'
import { isLocked, takeLock } from '../../../src/home/lock.ts'
import { announce, readRunning, withdraw } from '../../../src/home/running.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2030, 0, 1)

function temporary(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-home-'))
  t.after(() => rmSync(root, { recursive: true }))
  const home = homeAt(root)
  makeHome(home)
  return home
}

test('a lock is held by one, and free again after it', (t) => {
  const { lock } = temporary(t)
  const release = takeLock(lock)
  assert.ok(release)
  assert.equal(takeLock(lock), undefined)
  assert.ok(isLocked(lock))
  release()
  assert.ok(!isLocked(lock))
  takeLock(lock)?.()
})

test('files are written whole, with the mode of their audience, and leave nothing beside them', (t) => {
  const { root } = temporary(t)
  const path = join(root, 'run', 'file')
  createFile(path, 'first', 'private')
  assert.throws(() => createFile(path, 'second', 'private'), { code: 'EEXIST' })
  assert.equal(readSecretIfThere(path), 'first')
  replaceFile(path, 'third', 'public')
  assert.equal(readFileSync(path, 'utf8'), 'third')
  assert.equal(statSync(path).mode & 0o777, 0o644)
  assert.throws(() => readSecretIfThere(path), { code: 'store-damaged' })
  assert.equal(readSecretIfThere(join(root, 'nothing')), undefined)
  assert.deepEqual(readdirSync(join(root, 'run')), ['file'])
})

const authority = await createAuthority('cluster-abc', NOW)

test('the CA of an HSM by itself is made once and kept', async (t) => {
  const home = temporary(t)
  const first = await loadAuthority(home, 'cluster-abc', NOW)
  assert.deepEqual(await loadAuthority(home, 'cluster-abc', NOW + 800 * DAY_MS), first)
})

/** Nothing of it is damaged. */
const tlsOf = (home: Home, ca: Identity, hosts: readonly string[], now: number) =>
  loadTls(home, ca, hosts, now, (problem) => assert.fail(problem))

test('the TLS identity is made once and kept', async (t) => {
  const home = temporary(t)
  const first = await tlsOf(home, authority, ['127.0.0.1'], NOW)
  assert.equal(readFileSync(home.caCert, 'utf8'), authority.cert)
  assert.equal(readSecretIfThere(home.caKey), undefined)
  assert.deepEqual(await tlsOf(home, authority, ['localhost', '::'], NOW), first)
  assert.deepEqual(await tlsOf(home, authority, ['0.0.0.0'], NOW), first)
})

test('the server certificate is renewed when it is nearly over', async (t) => {
  const home = temporary(t)
  const first = await tlsOf(home, authority, ['127.0.0.1'], NOW)
  const later = await tlsOf(home, authority, ['127.0.0.1'], NOW + 800 * DAY_MS)
  assert.equal(later.ca, first.ca)
  assert.notEqual(later.server.cert, first.server.cert)
  assert.deepEqual(await tlsOf(home, authority, ['127.0.0.1'], NOW + 800 * DAY_MS), later)
})

test('a server certificate of another CA is told of before another one takes its place', async (t) => {
  const home = temporary(t)
  await tlsOf(home, authority, [], NOW)
  const other = await createAuthority('cluster-abc', NOW)
  const told: string[] = []
  const { ca, server } = await loadTls(home, other, [], NOW, (problem) => told.push(problem))
  assert.deepEqual(told, [`The certificate ${home.serverCert} is not from the CA of this cluster`])
  assert.equal(readFileSync(home.caCert, 'utf8'), ca)
  assert.ok(new X509Certificate(server.cert).verify(new X509Certificate(other.cert).publicKey))
})

test('the server certificate is renewed for a new name, a lost key, and after a crash between its two files', async (t) => {
  const home = temporary(t)
  const load = (host: string) => tlsOf(home, authority, [host], NOW)
  const { server: first } = await load('127.0.0.1')
  const { server: named } = await load('hsm.example')
  assert.notEqual(named.cert, first.cert)
  rmSync(home.serverKey)
  const { server: rekeyed } = await load('hsm.example')
  assert.notEqual(rekeyed.cert, named.cert)
  replaceFile(home.serverKey, first.key, 'private')
  const told: string[] = []
  const { server: recovered } = await loadTls(home, authority, ['hsm.example'], NOW, (problem) =>
    told.push(problem),
  )
  assert.deepEqual(told, [`The private key ${home.serverKey} is not that of ${home.serverCert}`])
  assert.notEqual(recovered.cert, rekeyed.cert)
  assert.deepEqual((await load('hsm.example')).server, recovered)
})

test('what a running HSM announces is read back, and damage is named', (t) => {
  const home = temporary(t)
  assert.equal(readRunning(home), undefined)
  const facts = { pid: 4711, host: '::1', port: 2223 }
  announce(home, facts)
  assert.deepEqual(readRunning(home), facts)
  for (const text of ['', '{}', '{"pid":1,"host":"x","port":1}', '{"pid":12,"host":"x","port":0}']) {
    writeFileSync(home.running, text)
    assert.throws(() => readRunning(home), { code: 'store-damaged', message: /strongroom\.json is damaged/ })
  }
  withdraw(home)
  withdraw(home)
  assert.equal(readRunning(home), undefined)
})

test('where to listen', () => {
  const cases = {
    '127.0.0.1:0': { host: '127.0.0.1', port: 0 },
    '0.0.0.0': { host: '0.0.0.0', port: 2223 },
    'hsm.example:65535': { host: 'hsm.example', port: 65_535 },
    '[::1]:2223': { host: '::1', port: 2223 },
    '[::]': { host: '::', port: 2223 },
    '::1': undefined,
    '[::1': undefined,
    '[127.0.0.1]:1': undefined,
    '127.0.0.1:65536': undefined,
    '127.0.0.1:-1': undefined,
    '300.0.0.1': undefined,
    ':2223': undefined,
    'a b': undefined,
    '': undefined,
  }
  for (const [text, expected] of Object.entries(cases)) assert.deepEqual(parseListen(text), expected, text)
  assert.deepEqual(localAddress({ host: '0.0.0.0', port: 1 }), { host: '127.0.0.1', port: 1 })
  assert.deepEqual(localAddress({ host: '::', port: 1 }), { host: '::1', port: 1 })
  assert.equal(showAddress({ host: '::1', port: 1 }), '[::1]:1')
})

test('where home is', () => {
  assert.equal(defaultHome({}, '/home/me'), '/home/me/.strongroom')
  assert.equal(defaultHome({ STRONGROOM_HOME: '' }, '/home/me'), '/home/me/.strongroom')
  assert.equal(defaultHome({ STRONGROOM_HOME: '/srv/hsm' }, '/home/me'), '/srv/hsm')
  assert.equal(defaultHome({ STRONGROOM_HOME: '/srv/hsm' }, ''), '/srv/hsm')
  for (const directory of ['', '.', 'me']) {
    const what = directory === '' ? 'empty' : 'not an absolute path'
    assert.throws(() => defaultHome({ STRONGROOM_HOME: '' }, directory), {
      code: 'invalid-request',
      message: `HOME is ${what}, so there is no home directory; set it, or name Strongroom's own directory with STRONGROOM_HOME`,
    })
  }
})

test('directories that others can write to are told, of the home and of the socket', (t) => {
  const home = temporary(t)
  makeHome(home)
  assert.deepEqual(looseDirectories(home, home.pkcs11), [])
  const data = dirname(home.database)
  const told = (path: string) => `Others can write to ${path}; close it with: chmod go-w ${path}`
  for (const mode of [0o777, 0o770, 0o702]) {
    chmodSync(data, mode)
    assert.deepEqual(looseDirectories(home), [told(data)])
  }
  chmodSync(data, 0o755)
  const elsewhere = join(home.root, 'sockets')
  mkdirSync(elsewhere)
  chmodSync(elsewhere, 0o777)
  assert.deepEqual(looseDirectories(home, join(elsewhere, 'p11')), [told(elsewhere)])
  chmodSync(elsewhere, 0o1777)
  assert.deepEqual(looseDirectories(home, join(elsewhere, 'p11')), [])
})

test('what is damaged of the TLS identity is told with its path, and stays when nothing is to take its place', async (t) => {
  const home = temporary(t)
  const whole = await tlsOf(home, authority, [], NOW)
  const half = (text: string) => `${text.slice(0, 100)}\n${text.split('\n').slice(-2).join('\n')}`
  const damages: readonly (readonly [string, string, string, RegExp])[] = [
    [home.serverCert, whole.server.cert, half(whole.server.cert), /^The certificate \S+ cannot be used: /],
    [home.serverCert, whole.server.cert, '', /^The certificate \S+ cannot be used: it is empty$/],
    [home.serverKey, whole.server.key, half(whole.server.key), /^The private key \S+ cannot be used: /],
  ]
  for (const [path, good, bad, sentence] of damages) {
    replaceFile(path, bad, 'private')
    const told: string[] = []
    const keep = (problem: string) => {
      told.push(problem)
      throw new Error('kept')
    }
    await assert.rejects(loadTls(home, authority, [], NOW, keep), { message: 'kept' })
    assert.match(told.join(), sentence)
    assert.ok(told.join().includes(path))
    assert.equal(readFileSync(path, 'utf8'), bad)
    replaceFile(path, good, 'private')
  }
  assert.deepEqual(await tlsOf(home, authority, [], NOW), whole)
})
