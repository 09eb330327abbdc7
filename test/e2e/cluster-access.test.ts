/** Nodes of an etcd that asks for a certificate and for a user, who may touch nothing but the cluster's prefix. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { etcdctl, startEtcd } from '../support/etcd.ts'
import { makePki } from '../support/pki.ts'
import { ANY_PORT, activate, client, run, runWith, serve, temporaryHome } from './strongroom.ts'

const CLUSTER = 'cluster-guarded'

const pki = await makePki()
after(pki.remove)
const tls = { ca: pki.read('ca.crt'), cert: pki.read('client.crt'), key: pki.read('client.key') }
const etcd = await startEtcd({
  flags: [
    `--cert-file=${pki.path('server.crt')}`,
    `--key-file=${pki.path('server.key')}`,
    `--trusted-ca-file=${pki.path('ca.crt')}`,
    '--client-cert-auth',
  ],
  access: { tls },
})
after(etcd.stop)
for (const command of [
  'user add root:root-password',
  'user add node:its-password',
  'role add node',
  `role grant-permission node readwrite /strongroom/${CLUSTER}/ --prefix`,
  'user grant-role node node',
  'auth enable',
]) {
  const files = [`--cacert=${pki.path('ca.crt')}`, `--cert=${pki.path('client.crt')}`]
  await etcdctl(etcd.endpoints, ...files, `--key=${pki.path('client.key')}`, ...command.split(' '))
}

const CERTIFICATES = [
  ...['--etcd-ca', pki.path('ca.crt')],
  ...['--etcd-cert', pki.path('client.crt'), '--etcd-key', pki.path('client.key')],
]

function asUser(t: TestContext, password: string): readonly string[] {
  const file = join(temporaryHome(t).root, 'password')
  writeFileSync(file, `${password}\n`)
  return ['--etcd-user', 'node', '--etcd-password-file', file]
}

const founding = (clusterId: string) => ['--etcd', etcd.endpoints.join(), '--cluster-id', clusterId]

test('a cluster is founded, joined and used as that user, with that certificate', async (t) => {
  const access = [...CERTIFICATES, ...asUser(t, 'its-password')]
  const [first, second] = [temporaryHome(t), temporaryHome(t)]
  const one = await serve(first, ...founding(CLUSTER), ...access)
  const { stdout: secret } = await run(['node', 'invite', '--home', first.root])
  const join = ['node', 'join', '--home', second.root, '--secret-file', '-', ...access]
  assert.equal((await runWith(secret, join)).exit, 0)
  const other = await serve(second)
  const admin = await activate(client(t, first))
  await client(t, first).call('session.logout', {}, admin)
  assert.equal((await client(t, second).call('cluster.status', {})).nodes?.length, 2)
  for (const node of [other, one]) {
    node.child.kill()
    assert.equal((await node.ended).exit, 0)
  }
})

const refusals = [
  [CLUSTER, 'not-its-password', /^strongroom: etcd refused the request: .*authentication failed/],
  ['cluster-of-others', 'its-password', /^strongroom: etcd refused the request: .*permission denied/],
] as const
for (const [clusterId, password, sentence] of refusals) {
  test(`no node starts on ${clusterId} with ${password}`, async (t) => {
    const home = temporaryHome(t)
    const own = ['start', '--home', home.root, ...ANY_PORT, ...founding(clusterId)]
    const { exit, stdout, stderr } = await run([...own, ...CERTIFICATES, ...asUser(t, password)])
    assert.deepEqual([exit, stdout], [1, ''])
    assert.match(stderr, sentence)
  })
}
