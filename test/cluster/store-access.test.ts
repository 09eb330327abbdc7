/** Who may reach etcd, and as whom. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { EtcdTls } from '../../src/store/etcd/channels.ts'
import { type EtcdStoreOptions, etcdStore } from '../../src/store/etcd/etcd-store.ts'
import { etcdOptions, newClusterId } from '../contract/store-etcd.ts'
import { put, sampleUser } from '../contract/store-samples.ts'
import { type EtcdCluster, etcdctl, startEtcd } from '../support/etcd.ts'
import { makePki, type Pki } from '../support/pki.ts'

const clientOf = (pki: Pki) => ({
  ca: pki.read('ca.crt'),
  cert: pki.read('client.crt'),
  key: pki.read('client.key'),
})

describe('etcd with TLS and client certificates', () => {
  let pki: Pki
  const access: { tls?: EtcdTls } = {}
  let etcd: EtcdCluster
  before(async () => {
    pki = await makePki()
    const file = (flag: string, name: string) => `--${flag}=${pki.path(name)}`
    access.tls = clientOf(pki)
    etcd = await startEtcd({
      flags: [
        file('cert-file', 'server.crt'),
        file('key-file', 'server.key'),
        file('trusted-ca-file', 'ca.crt'),
        '--client-cert-auth',
      ],
      access,
    })
  })
  after(async () => {
    await etcd.stop()
    pki.remove()
  })
  const open = (changes: Partial<EtcdStoreOptions>) =>
    etcdStore(etcdOptions(etcd.endpoints, newClusterId(), changes))

  it('serves whoever shows a certificate of its CA', async () => {
    const store = await open(access)
    await store.transact(() => put(sampleUser(1)))
    assert.deepEqual(store.catalog.user('user-1'), sampleUser(1))
    await store.close()
  })

  it('is reached with certificates that were replaced while the store was open', async () => {
    const renewed = await makePki()
    let tls: EtcdTls = { ...clientOf(pki), key: renewed.read('client.key') }
    const store = await open({ ...access, renewed: () => ({ tls }) })
    await store.transact(() => put(sampleUser(1)))
    for (const name of ['ca.crt', 'server.crt', 'server.key', 'client.crt', 'client.key']) {
      writeFileSync(pki.path(name), renewed.read(name))
    }
    access.tls = clientOf(renewed)
    await etcd.kill(0)
    await etcd.restart(0)
    // Half of the files are replaced: the key is not of the certificate.
    await assert.rejects(store.newestCommit(), { code: 'store-failure' })
    tls = clientOf(renewed)
    await store.transact(() => put(sampleUser(3)))
    assert.deepEqual(store.catalog.user('user-3'), sampleUser(3))
    await store.close()
    renewed.remove()
  })

  it('is not reached without one, nor believed when its own is of another CA', async () => {
    const other = await makePki()
    const refusal = (why: RegExp) => ({ code: 'store-failure', message: why })
    await Promise.all([
      assert.rejects(
        open({ tls: { ca: pki.read('ca.crt') } }),
        refusal(/^etcd cannot be reached at https:\/\/127.*it does not accept the client certificate/),
      ),
      assert.rejects(
        open({
          tls: { ca: other.read('ca.crt'), cert: pki.read('client.crt'), key: pki.read('client.key') },
        }),
        refusal(/^etcd cannot be reached at https:\/\/127.*give the CA of etcd with --etcd-ca FILE$/),
      ),
    ])
    other.remove()
  })
})

describe('etcd with users', () => {
  let etcd: EtcdCluster
  const root = ['--user=root:root-password']
  before(async () => {
    etcd = await startEtcd({ members: 3, flags: ['--auth-token=simple', '--auth-token-ttl=1'] })
    await etcdctl(etcd.endpoints, 'user', 'add', 'root:root-password')
    await etcdctl(etcd.endpoints, 'user', 'add', 'strongroom:its-password')
    await etcdctl(etcd.endpoints, 'role', 'add', 'strongroom')
    await etcdctl(
      etcd.endpoints,
      'role',
      'grant-permission',
      'strongroom',
      'readwrite',
      '/strongroom/',
      '--prefix',
    )
    await etcdctl(etcd.endpoints, 'user', 'grant-role', 'strongroom', 'strongroom')
    await etcdctl(etcd.endpoints, 'auth', 'enable')
  })
  after(() => etcd.stop())
  const open = (user: EtcdStoreOptions['user'], renewed?: EtcdStoreOptions['renewed']) =>
    etcdStore(etcdOptions(etcd.endpoints, newClusterId(), { user, renewed }))

  it('serves one that may read and write the prefix, leases too', async () => {
    const store = await open({ username: 'strongroom', password: 'its-password' })
    await store.transact(() => put(sampleUser(1)))
    const { lease } = await store.grantLease(30)
    assert.ok(await store.put('node/hsm-1', 'here', lease, 0))
    assert.ok(await store.keepAlive(lease))
    await store.revokeLease(lease)
    await store.close()
  })

  it('refuses a wrong password, and nobody, in a sentence', async () => {
    const code = 'store-failure'
    const wrong = { username: 'strongroom', password: 'not-its-password' }
    await assert.rejects(open(wrong), {
      code,
      message: /authentication failed, invalid user ID or password$/,
    })
    await assert.rejects(open(undefined), {
      code,
      message: /user name is empty|not provided|permission denied/,
    })
  })

  it('is logged in to again when the token is gone, as after a change of users', async () => {
    const store = await open({ username: 'strongroom', password: 'its-password' })
    await store.transact(() => put(sampleUser(1)))
    await etcdctl(etcd.endpoints, ...root, 'user', 'add', 'somebody:else-password')
    await store.transact(() => put(sampleUser(2)))
    await etcd.kill(0)
    await etcd.restart(0)
    const { revision } = await store.transact(() => put(sampleUser(3)))
    await store.appliedAtLeast(revision)
    assert.deepEqual(store.catalog.user('user-3'), sampleUser(3))
    await store.close()
  })

  it('is logged in to again at a member that has forgotten the token, which was only used at another', async () => {
    const store = await open({ username: 'strongroom', password: 'its-password' })
    // Longer than a token lives that is not used.
    for (const end = performance.now() + 2500; performance.now() < end; ) await store.newestCommit()
    await etcd.kill(0)
    await store.transact(() => put(sampleUser(1)))
    assert.deepEqual(store.catalog.user('user-1'), sampleUser(1))
    await store.close()
    await etcd.restart(0)
  })

  it('is logged in to with the password as it is now', async () => {
    const login = (password: string) => ({ user: { username: 'strongroom', password } })
    let file = 'its-password'
    const store = await open(login(file).user, () => login(file))
    await store.transact(() => put(sampleUser(1)))
    await etcdctl(etcd.endpoints, ...root, 'user', 'delete', 'strongroom')
    await etcdctl(etcd.endpoints, ...root, 'user', 'add', 'strongroom:new-password')
    await etcdctl(etcd.endpoints, ...root, 'user', 'grant-role', 'strongroom', 'strongroom')
    file = 'new-password'
    await store.transact(() => put(sampleUser(2))).catch(() => undefined)
    await store.transact(() => put(sampleUser(3)))
    assert.deepEqual(store.catalog.user('user-3'), sampleUser(3))
    await store.close()
  })
})
