/** A cluster of three node processes on a real etcd, as its administrators and users meet it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { after, type TestContext, test } from 'node:test'
import { connect, type RemoteHsm } from '../../src/client/connect.ts'
import type { Request } from '../../src/contract/operations.ts'
import type { Home } from '../../src/home/home.ts'
import { readRunning } from '../../src/home/running.ts'
import { etcdctl, startEtcd } from '../support/etcd.ts'
import { untilElsewhere } from '../support/until.ts'
import {
  ALICE,
  ANY_PORT,
  activate,
  client,
  logLine,
  type Ran,
  run,
  runWith,
  type Serving,
  serve,
  temporaryHome,
} from './strongroom.ts'

const etcd = await startEtcd()
after(etcd.stop)

const BOB = { ...ALICE, username: 'bob' } as const
const ADMIN = { ...ALICE, username: 'admin', role: 'admin' } as const

const ok = ({ exit, stdout, stderr }: Ran): string => {
  assert.deepEqual([exit, stderr], [0, ''])
  return stdout
}

/** The first node of a cluster. */
async function foundNode(t: TestContext, clusterId: string, ...options: readonly string[]) {
  const home = temporaryHome(t)
  const founder = ['--etcd', etcd.endpoints.join(), '--cluster-id', clusterId, '--hsm-id', 'hsm-a']
  return { home, serving: await serve(home, ...founder, ...options) }
}

/** One more node, invited by another. */
async function addNode(t: TestContext, inviting: Home, hsmId: string) {
  const secret = ok(await run(['node', 'invite', '--home', inviting.root]))
  const home = temporaryHome(t)
  ok(await runWith(secret, ['node', 'join', '--home', home.root, '--secret-file', '-']))
  return { home, serving: await serve(home, '--hsm-id', hsmId) }
}

async function startThree(t: TestContext, clusterId: string) {
  const a = await foundNode(t, clusterId)
  const b = await addNode(t, a.home, 'hsm-b')
  const c = await addNode(t, b.home, 'hsm-c')
  return [a, b, c] as const
}

async function end(...nodes: readonly { readonly serving: Serving }[]): Promise<void> {
  for (const { serving } of nodes) serving.child.kill()
  for (const { serving } of nodes) assert.equal((await serving.ended).exit, 0)
}

const token = async (hsm: RemoteHsm, who: typeof ALICE | typeof BOB | typeof ADMIN) =>
  (await hsm.call('session.login', who)).token

/** Resolves when the HSM knows of these and no others; it learns of them a little after they come and go. */
async function lists(hsm: RemoteHsm, ...ids: readonly string[]): Promise<void> {
  await untilElsewhere(`it knows ${ids.join()} and no others`, async () => {
    const { hsms } = await hsm.call('cluster.hsm-info', {})
    return hsms.map((each) => each['hsm-id']).join() === ids.join()
  })
}

const PAY = ['attr.label=pay']
const SIGN = {
  filter: PAY,
  mechanism: { name: 'ecdsa', hash: 'sha256', input: 'raw' },
  data: [btoa('pay 5 to bob')],
} satisfies Request<'crypto.sign'>

test('what is done through one node holds on every other when the command returns', async (t) => {
  const nodes = await startThree(t, 'cluster-three')
  const [a, b, c] = nodes.map(({ home }) => client(t, home)) as [RemoteHsm, RemoteHsm, RemoteHsm]
  const all = [a, b, c]
  for (const hsm of all) await lists(hsm, 'hsm-a', 'hsm-b', 'hsm-c')

  await activate(a)
  const admin = await token(b, ADMIN)
  await b.call('user.create', ALICE, admin)
  await b.call('user.create', BOB, admin)

  const alice = await token(c, ALICE)
  const pair = {
    'key-type': 'ec',
    curve: 'secp256r1',
    'public-label': 'pay-public',
    'private-label': 'pay',
  } as const
  await c.call('key.generate-pair', { ...pair, 'private-attributes': { sign: true } }, alice)
  const sharing = { filter: PAY, usernames: ['bob'], role: 'crypto-user' as const }
  await c.call('key.share', sharing, alice)

  const bobs = await Promise.all(all.map((hsm) => token(hsm, BOB)))
  for (const [at, hsm] of all.entries()) {
    assert.equal((await hsm.call('crypto.sign', SIGN, bobs[at])).signatures.length, 1)
  }
  await c.call('key.unshare', sharing, alice)
  for (const [at, hsm] of all.entries()) {
    await assert.rejects(hsm.call('crypto.sign', SIGN, bobs[at]), { code: 'key-selection' })
  }
  await end(...nodes)
})

test('a node is restarted as it was, and another one stands in meanwhile', async (t) => {
  const [a, b, c] = await startThree(t, 'cluster-restart')
  await activate(client(t, a.home))
  const servers = [a, b, c].map(({ home }) => readRunning(home) ?? assert.fail())
  // The CA of one home is that of all.
  const user = connect({ servers, trust: { ca: readFileSync(c.home.clientCa, 'utf8') } })
  t.after(() => user.close())
  await user.call('cluster.status', {})
  a.serving.child.kill('SIGKILL')
  await a.serving.ended
  const admin = await token(user, ADMIN)
  await user.call('user.create', ALICE, admin)
  await end(c)
  await lists(user, 'hsm-b')
  const again = await serve(c.home)
  await token(client(t, c.home), ALICE)
  await lists(user, 'hsm-b', 'hsm-c')
  await end(b, { serving: again })
})

test('the status of a node tells of its cluster, and its metrics can be read', async (t) => {
  const a = await foundNode(t, 'cluster-status', '--metrics', '127.0.0.1:0')
  const b = await addNode(t, a.home, 'hsm-b')
  const status = async () => JSON.parse(ok(await run(['status', '--home', a.home.root, '--json'])))
  const lags = (nodes: readonly Record<string, unknown>[]) =>
    nodes.map((node) => `${node['hsm-id']} ${node['lag']}`).join()
  let told = await status()
  await untilElsewhere('both have applied everything', async () => {
    told = await status()
    return lags(told.nodes) === 'hsm-a 0,hsm-b 0'
  })
  assert.equal(told['cluster-id'], 'cluster-status')
  assert.equal(told['hsm-id'], 'hsm-a')
  assert.equal(told.serving, true)
  assert.equal(told.nodes[0].address, told.address)
  // As `etcdctl lease` takes it.
  for (const { lease } of told.nodes) {
    assert.match(
      await etcdctl(etcd.endpoints, 'lease', 'timetolive', lease),
      /granted with TTL\(3s\), remaining/,
    )
  }
  const table = ok(await run(['status', '--home', b.home.root]))
  assert.match(
    table,
    /\nserving +yes\nkey-material +used, of 0 keys in memory, 0\.0 MB\n\nHSM +ADDRESS +VERSION +LEASE +APPLIED +LAG\nhsm-a +127\.0\.0\.1:\d+ .*\nhsm-b .*\n$/,
  )

  await logLine(a.serving, 'serving')
  const [, metrics] = /"metrics":"([^"]+)"/.exec(a.serving.printed()) ?? []
  const page = await read(`http://${metrics}/metrics`)
  assert.match(page, /^strongroom_requests_total\{operation="cluster.status",outcome="ok"\} \d+$/m)
  assert.match(page, /^strongroom_hsms 2$/m)
  assert.match(page, /^strongroom_serving 1$/m)
  assert.match(page, /^strongroom_users 2$/m)
  assert.match(page, /^strongroom_store_commit_seconds_count [1-9]\d*$/m)
  await end(a, b)
})

function read(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  get(url, { agent: false }, async (response) => {
    resolve(Buffer.concat(await response.toArray()).toString())
  }).on('error', reject)
  return promise
}

test('a cluster that exists is not joined without its master key', async (t) => {
  const a = await foundNode(t, 'cluster-closed')
  const home = temporaryHome(t)
  const start = [
    'start',
    '--home',
    home.root,
    ...ANY_PORT,
    '--etcd',
    etcd.endpoints.join(),
    '--cluster-id',
    'cluster-closed',
  ]
  const refused = await run(start)
  assert.deepEqual(refused, {
    exit: 1,
    stdout: '',
    stderr: `strongroom: Cluster cluster-closed exists already; join it with strongroom node join, or copy its master key to ${home.masterKey}\n`,
  })
  assert.deepEqual(await run([...start, '--detach']), refused)
  await end(a)
})
