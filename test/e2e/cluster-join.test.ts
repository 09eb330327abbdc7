/** How a cluster on etcd begins, and how the master key reaches its other nodes. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createAuthority, issueServerCertificate } from '../../src/certificates/certificates.ts'
import type { Home } from '../../src/home/home.ts'
import { makeHome } from '../../src/home/home.ts'
import { invite } from '../../src/node/invite.ts'
import { join } from '../../src/node/join.ts'
import { clusterHomes } from '../support/cluster-homes.ts'
import { etcdctl, startEtcd } from '../support/etcd.ts'

const { etcd, newHome, start } = await clusterHomes()

const ETCD = { endpoints: [...etcd.endpoints] }

/** The home of a cluster's first node, which runs until the test ends. */
async function founded(t: TestContext, clusterId: string): Promise<Home> {
  const home = newHome()
  await start(t, home, { etcd: ETCD, clusterId })
  return home
}

const invited = (home: Home): Promise<string> => invite(home, Date.now())

const sealedKeysOf = async (clusterId: string): Promise<string> =>
  (
    await etcdctl(etcd.endpoints, 'get', '--prefix', `/strongroom/${clusterId}/invitation/`, '--keys-only')
  ).trim()

const refusal = (message: RegExp | string) => ({ name: 'HsmError', code: 'invalid-request', message })

const allOver = (results: readonly PromiseSettledResult<unknown>[]) => ({
  good: results.filter(({ status }) => status === 'fulfilled').length,
  bad: results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])),
})

test('two nodes that found a cluster at once, each with a key of its own: one does', async (t) => {
  const homes = [newHome(), newHome(), newHome()]
  const clusterId = 'cluster-race'
  const options = { etcd: ETCD, clusterId }
  const { good, bad } = allOver(await Promise.allSettled(homes.map((home) => start(t, home, options))))
  assert.equal(good, 1)
  for (const text of bad) assert.match(text, /Cluster cluster-race exists already; join it with/)
  assert.equal(homes.filter(({ masterKey }) => existsSync(masterKey)).length, 1)
  assert.equal(homes.filter(({ cluster }) => existsSync(cluster)).length, 1)
})

test('two nodes with the same key that found a cluster at once make one, with one CA', async (t) => {
  const homes = [newHome(), newHome()]
  for (const home of homes) {
    makeHome(home)
    writeFileSync(home.masterKey, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  }
  const nodes = await Promise.all(
    homes.map((home) => start(t, home, { etcd: ETCD, clusterId: 'cluster-copied' })),
  )
  const [one, other] = homes.map(({ clientCa }) => readFileSync(clientCa, 'utf8'))
  assert.equal(one, other)
  for (const { hsm } of nodes) assert.equal((await hsm.call('cluster.status', {})).users, 2)
})

test('another master key does not open a cluster', async (t) => {
  await founded(t, 'cluster-keyed')
  const home = newHome()
  makeHome(home)
  writeFileSync(home.masterKey, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  await assert.rejects(start(t, home, { etcd: ETCD, clusterId: 'cluster-keyed' }), {
    code: 'store-damaged',
    message: 'The store in etcd was sealed under another master key',
  })
  assert.ok(existsSync(home.masterKey))
})

test('a cluster that a node was part of and that is gone is not made anew', async (t) => {
  const home = newHome()
  const first = await start(t, home, { etcd: ETCD, clusterId: 'cluster-gone' })
  await first.close({ graceMs: 0 })
  await etcdctl(etcd.endpoints, 'del', '--prefix', '/strongroom/cluster-gone/')
  await assert.rejects(start(t, home), {
    code: 'store-damaged',
    message: 'Cluster cluster-gone is gone from etcd',
  })
})

test('how key use is guarded is settled when the cluster is founded', async (t) => {
  const home = newHome()
  const options = { etcd: ETCD, clusterId: 'cluster-fenced', keyUseFence: true }
  const fenced = await start(t, home, options)
  await fenced.close({ graceMs: 0 })
  await (await start(t, home)).close({ graceMs: 0 })
  await (await start(t, home, { keyUseFence: true })).close({ graceMs: 0 })
  const unfenced = newHome()
  await (await start(t, unfenced, { etcd: ETCD, clusterId: 'cluster-timed' })).close({ graceMs: 0 })
  await assert.rejects(
    start(t, unfenced, { keyUseFence: true }),
    refusal('Cluster cluster-timed was founded without --key-use-fence, and stays so'),
  )
})

test('a node that joins takes over the mode and the type of the HSM', async (t) => {
  const home = newHome()
  const profile = { mode: 'fips', hsmType: 'unlimited' } as const
  await start(t, home, { etcd: ETCD, clusterId: 'cluster-fips', profile })
  const joined = newHome()
  await join(joined, { secret: await invited(home), etcd: {}, now: Date.now() })
  await assert.rejects(
    start(t, joined, { profile: { mode: 'non-fips' } }),
    refusal('Cluster cluster-fips was founded with --mode fips, and stays so'),
  )
  await assert.rejects(
    start(t, joined, { profile: { hsmType: 'hsm2m.medium' } }),
    refusal('Cluster cluster-fips was founded with --hsm-type unlimited, and stays so'),
  )
  const status = await (await start(t, joined)).hsm.call('cluster.status', {})
  assert.deepEqual([status.mode, status['hsm-type']], ['fips', 'unlimited'])
})

test('a join token brings the master key, once, and etcd never sees it', async (t) => {
  const home = await founded(t, 'cluster-open')
  const secret = await invited(home)
  const [first, second] = [newHome(), newHome()]
  await join(first, { secret, etcd: {}, now: Date.now() })
  assert.equal(readFileSync(first.masterKey, 'utf8'), readFileSync(home.masterKey, 'utf8'))
  assert.equal(statSync(first.masterKey).mode & 0o777, 0o600)
  await assert.rejects(
    join(second, { secret, etcd: {}, now: Date.now() }),
    refusal(/^The join token was used already; if that was not you/),
  )
  assert.equal(existsSync(second.masterKey), false)
  const { clusterId } = await start(t, first)
  assert.equal(clusterId, 'cluster-open')

  const hex = readFileSync(home.masterKey, 'utf8').trim()
  const everything = JSON.parse(await etcdctl(etcd.endpoints, 'get', '--prefix', '/', '--write-out=json'))
  for (const { value = '' } of everything.kvs) {
    const bytes = Buffer.from(value, 'base64')
    assert.equal(bytes.includes(hex) || bytes.includes(Buffer.from(hex, 'hex')), false)
  }
})

test('of two machines that join with one join token at once one is let in', async (t) => {
  const home = await founded(t, 'cluster-one')
  const secret = await invited(home)
  const homes = [newHome(), newHome()]
  const joins = homes.map((each) => join(each, { secret, etcd: {}, now: Date.now() }))
  const { good, bad } = allOver(await Promise.allSettled(joins))
  assert.equal(good, 1)
  assert.match(bad.join(), /used already/)
  assert.equal(homes.filter(({ masterKey }) => existsSync(masterKey)).length, 1)
})

test('a join token that has expired, or is to another etcd, is refused for that', async (t) => {
  const home = await founded(t, 'cluster-late')
  const secret = await invited(home)
  const key = await sealedKeysOf('cluster-late')
  const fields = await etcdctl(etcd.endpoints, 'get', key, '--write-out=fields')
  const lease = /"Lease" : (\d+)/.exec(fields)
  // What etcd itself does after ten minutes.
  await etcdctl(etcd.endpoints, 'lease', 'revoke', BigInt(lease?.[1] ?? 0).toString(16))
  const tenMinutes = 600_000
  const fresh = newHome()
  await assert.rejects(
    join(fresh, { secret, etcd: {}, now: Date.now() + tenMinutes }),
    refusal('The join token has expired; make another one with: strongroom node invite'),
  )
  await assert.rejects(
    join(fresh, { secret, etcd: {}, now: Date.now() }),
    refusal(/^This etcd does not know the join token for cluster-late/),
  )
  assert.equal(existsSync(fresh.masterKey), false)
})

test('a join token that was changed in etcd is refused', async (t) => {
  const home = await founded(t, 'cluster-forged')
  const secret = await invited(home)
  await etcdctl(etcd.endpoints, 'put', await sealedKeysOf('cluster-forged'), 'something else')
  const fresh = newHome()
  await assert.rejects(join(fresh, { secret, etcd: {}, now: Date.now() }), {
    code: 'store-damaged',
    message: 'What the join token opens was changed in etcd; make another token with: strongroom node invite',
  })
  assert.equal(existsSync(fresh.masterKey), false)
})

test('a home that has an HSM is not made another, and the join token is not used up by trying', async (t) => {
  const home = await founded(t, 'cluster-kept')
  const secret = await invited(home)
  const embedded = newHome()
  await start(t, embedded)
  const stopped = newHome()
  await (await start(t, stopped)).close({ graceMs: 0 })
  for (const each of [home, embedded, stopped]) {
    await assert.rejects(
      join(each, { secret, etcd: {}, now: Date.now() }),
      refusal(`There is an HSM in ${each.root} already; choose another directory with --home`),
    )
  }
  await join(newHome(), { secret, etcd: {}, now: Date.now() })
})

test('only the home of a node invites', async () => {
  const home = newHome()
  await assert.rejects(
    invite(home, Date.now()),
    refusal(
      `${home.root} is not the home of a node on etcd; make it one with: strongroom start --home ${home.root} --etcd URL`,
    ),
  )
})

test('etcd over TLS: nothing is sent to one whose certificate is not of the CA that was given', async (t) => {
  const files = newHome()
  makeHome(files)
  const own = await createAuthority('etcd', Date.now())
  const foreign = await createAuthority('other', Date.now())
  const server = await issueServerCertificate(own, ['127.0.0.1'], Date.now())
  const write = (name: string, text: string) => {
    writeFileSync(path(files.root, name), text)
    return path(files.root, name)
  }
  const flags = [`--cert-file=${write('crt', server.cert)}`, `--key-file=${write('key', server.key)}`]
  const secure = await startEtcd({ flags, access: { tls: { ca: Buffer.from(own.cert) } } })
  t.after(secure.stop)
  const endpoints = [...secure.endpoints]
  const home = newHome()
  await assert.rejects(
    start(t, home, { etcd: { endpoints, caFile: write('foreign', foreign.cert) }, clusterId: 'cluster-tls' }),
    { code: 'store-failure' },
  )
  assert.deepEqual(readdirSync(path(home.root, 'data')), [])
  const caFile = write('own', own.cert)
  const first = await start(t, home, { etcd: { endpoints, caFile }, clusterId: 'cluster-tls' })
  assert.equal(first.clusterId, 'cluster-tls')
  const joined = newHome()
  const secret = await invited(home)
  await join(joined, { secret, etcd: { caFile }, now: Date.now() })
  const second = await start(t, joined)
  assert.equal((await second.hsm.call('cluster.hsm-info', {})).hsms.length, 2)
  // Before their etcd goes.
  for (const node of [second, first]) await node.close({ graceMs: 0 })
})
