/** What `strongroom start` makes of its home, and of homes that something has happened to. */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../src/client-config/client-config.ts'
import { markPath } from '../../src/store/mark.ts'
import { ANY_PORT, client, run, serve, startOnce, temporaryHome } from './strongroom.ts'

test('the first start makes a home that only its owner can read', async (t) => {
  const home = temporaryHome(t)
  const { child, ended } = await serve(home)
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
  for (const name of ['data', 'tls', 'etc', 'run', 'log'])
    assert.equal(mode(join(home.root, name)), '700', name)
  for (const path of [home.masterKey, home.database, home.caKey, home.serverKey, home.running]) {
    assert.equal(mode(path), '600', path)
  }
  assert.match(readFileSync(home.masterKey, 'utf8'), /^[0-9a-f]{64}\n$/)
  child.kill()
  assert.equal((await ended).exit, 0)
})

test('clients on the machine find the HSM by the configuration that it wrote', async (t) => {
  const home = temporaryHome(t)
  const first = await serve(home)
  const config = () => parseConfig(readFileSync(home.clientConfig, 'utf8'), home.clientConfig)
  const { clusters, logging } = config()
  const status = await client(t, home).call('cluster.status', {})
  assert.equal(clusters[0]?.id, status['cluster-id'])
  assert.equal(clusters[0]?.caFile, home.clientCa)
  assert.equal(readFileSync(home.clientCa, 'utf8'), readFileSync(home.caCert, 'utf8'))
  assert.deepEqual(logging, { type: 'file', file: home.clientLog, level: 'info', rotation: 'daily' })
  first.child.kill()
  await first.ended

  const second = await serve(home)
  const [server] = config().clusters[0]?.servers ?? []
  assert.equal((await client(t, home).call('cluster.status', {}))['cluster-id'], status['cluster-id'])
  assert.equal(server?.port, Number(JSON.parse(readFileSync(home.running, 'utf8')).port))
  second.child.kill()
  await second.ended
})

test("a configuration that is not the HSM's own, or broken, is left alone", async (t) => {
  const home = temporaryHome(t)
  await startOnce(home)
  for (const text of ['{"clusters":[{"cluster":{"servers":[{"hostname":"10.0.0.1"}]}}]}', 'nonsense']) {
    writeFileSync(home.clientConfig, text)
    await startOnce(home)
    assert.equal(readFileSync(home.clientConfig, 'utf8'), text)
  }
})

test('a home that is not whole is refused with the reason', async (t) => {
  const home = temporaryHome(t)
  await startOnce(home)
  const refused = async (expected: RegExp) => {
    const { exit, stdout, stderr } = await run(['start', '--home', home.root, ...ANY_PORT])
    assert.deepEqual([exit, stdout], [1, ''])
    assert.match(stderr, expected)
  }
  chmodSync(home.masterKey, 0o640)
  await refused(/^strongroom: Others can read \S+master\.key; if nobody has, close it with: chmod 600 \S+\n$/)
  chmodSync(home.masterKey, 0o600)

  copyFileSync(home.masterKey, `${home.masterKey}.good`)
  writeFileSync(home.masterKey, `${'0'.repeat(63)}\n`)
  await refused(/^strongroom: The master key \S+ is damaged: it must be 64 hex digits\n$/)
  writeFileSync(home.masterKey, `${'0'.repeat(64)}\n`)
  await refused(/^strongroom: The store file strongroom.db was sealed under another master key\n$/)
  rmSync(home.masterKey)
  await refused(/^strongroom: The master key \S+ is missing, and without it the store cannot be opened\n$/)
  renameSync(`${home.masterKey}.good`, home.masterKey)

  renameSync(home.database, `${home.database}.away`)
  await refused(/^strongroom: The store \S+ is missing\n$/)
  renameSync(home.hsmId, `${home.hsmId}.away`)
  await refused(
    /^strongroom: The store \S+strongroom\.db is missing, but \S+ca\.key is that of a cluster\. Put \S+data back from a copy; if it is lost, found a new cluster in another directory with --home, or here when \S+tls is gone\n$/,
  )
  rmSync(home.caKey)
  await refused(/^strongroom: The store \S+ is missing, but \S+ca\.crt is that of a cluster\. /)
  renameSync(`${home.hsmId}.away`, home.hsmId)
  renameSync(`${home.database}.away`, home.database)
  await startOnce(home)
})

test('a home whose store is lost for good founds a new cluster when the certificates of the old one are gone', async (t) => {
  const home = temporaryHome(t)
  await startOnce(home)
  const old = readFileSync(home.caCert, 'utf8')
  for (const path of [home.database, markPath(home.database), home.hsmId]) rmSync(path)
  assert.equal((await run(['start', '--home', home.root, ...ANY_PORT])).exit, 1)
  rmSync(dirname(home.caCert), { recursive: true })
  await startOnce(home)
  assert.notEqual(readFileSync(home.caCert, 'utf8'), old)
})

test('programs are pointed at the socket that the HSM serves, or will when it is started again', async (t) => {
  const home = temporaryHome(t)
  const pointed = async () => (await run(['env', '--home', home.root])).stdout.split('\n')[0]
  const to = (path: string) => `export P11_KIT_SERVER_ADDRESS='unix:path=${path}'`
  const elsewhere = join(home.root, 'run', 'elsewhere.sock')
  assert.equal(await pointed(), to(home.pkcs11))
  for (const [where, expected] of [
    [elsewhere, to(elsewhere)],
    ['default', to(home.pkcs11)],
    ['none', ''],
  ] as const) {
    const { child, ended } = await serve(home, '--pkcs11', where)
    assert.equal(await pointed(), expected)
    child.kill()
    await ended
    assert.equal(await pointed(), expected)
  }
  const { exit, stderr } = await run(['env', '--home', home.root])
  assert.deepEqual([exit, /^strongroom: This HSM serves no PKCS#11 programs\. /.test(stderr)], [1, true])
})

test('a home that cannot be made is named', async (t) => {
  const home = temporaryHome(t)
  writeFileSync(join(home.root, 'file'), '')
  const { exit, stderr } = await run(['start', '--home', join(home.root, 'file'), ...ANY_PORT])
  assert.equal(exit, 1)
  assert.match(
    stderr,
    /^strongroom: Cannot (open|make the directory) \S+: a part of the path is not a directory\n$/,
  )
})

test('the home comes from the environment when no option names it', async (t) => {
  const home = temporaryHome(t)
  const { stderr } = await run(['status'], { STRONGROOM_HOME: home.root })
  assert.match(stderr, new RegExp(`not running on ${home.root}\\.`))
})
