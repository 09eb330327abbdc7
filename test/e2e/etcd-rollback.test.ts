/** etcd that was put back to an older state while its nodes were down: refused, accepted by name, and written down. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Home, makeHome } from '../../src/home/home.ts'
import { takeLock } from '../../src/home/lock.ts'
import { type OpenEngine, openEngine } from '../../src/main/open-engine.ts'
import { type EtcdCluster, etcdctl, startEtcd } from '../support/etcd.ts'
import { temporaryHome } from '../support/homes.ts'
import { PASSWORD } from '../support/world.ts'

const ADMIN = { username: 'admin', role: 'admin', password: PASSWORD } as const

/** An HSM of the home while `work` is done with it. */
async function opened<T>(
  home: Home,
  { endpoints }: EtcdCluster,
  work: (hsm: OpenEngine['engine']) => Promise<T>,
  acceptRollback = false,
): Promise<T> {
  const unlock = takeLock(home.lock)
  try {
    const settings = { clusterId: 'cluster-rollback', etcd: { endpoints: [...endpoints] } }
    const node = { settings, advertise: undefined, known: false, hsmId: undefined, keyUseFence: false }
    const address = () => '127.0.0.1:2223'
    const { engine, join, close } = await openEngine({
      home,
      address,
      node,
      acceptRollback,
      log: () => undefined,
    })
    try {
      await join()
      return await work(engine)
    } finally {
      await close()
    }
  } finally {
    unlock?.()
  }
}

const create = (username: string) => async (hsm: OpenEngine['engine']) => {
  const { token } = await hsm.call('session.login', ADMIN)
  await hsm.call('user.create', { username, role: 'crypto-user', password: PASSWORD }, token)
}

async function operations(hsm: OpenEngine['engine']) {
  const { token } = await hsm.call('session.login', ADMIN)
  const { entries } = await hsm.call('audit.list', { first: 0, count: 100 }, token)
  return entries.map(({ operation }) => operation)
}

function newHome(t: TestContext): Home {
  const { home, remove } = temporaryHome()
  t.after(remove)
  makeHome(home)
  return home
}

test('an older state of etcd is refused by the node that had applied a newer one', {
  timeout: 120_000,
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-snapshot-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  await using undo = new AsyncDisposableStack()
  const etcd = undo.adopt(await startEtcd(), ({ stop }) => stop())
  const [one, two] = [newHome(t), newHome(t)]
  await opened(one, etcd, (hsm) => hsm.call('cluster.activate', { password: PASSWORD }))
  copyFileSync(one.masterKey, two.masterKey)
  await opened(two, etcd, create('alice'))
  const snapshot = join(directory, 'snapshot')
  await etcdctl(etcd.endpoints, 'snapshot', 'save', snapshot)
  await opened(one, etcd, create('bob'))
  await opened(one, etcd, operations)

  const older = undo.adopt(await startEtcd({ snapshot }), ({ stop }) => stop())
  await assert.rejects(opened(one, older, operations), {
    code: 'store-damaged',
    message:
      /^The store may be older than what this HSM last answered: it ends with change \d+, but change \d+ was made and answered \(etcd-mark\)\. .*--accept-rollback$/,
  })
  const entries = await opened(one, older, operations, true)
  assert.equal(entries.filter((operation) => operation === 'store.accept-rollback').length, 1)
  assert.equal(
    (await opened(one, older, operations)).filter((name) => name === 'store.accept-rollback').length,
    1,
  )
  await assert.rejects(opened(one, older, operations, true), {
    code: 'invalid-request',
    message: 'The store is not rolled back; start without --accept-rollback',
  })
  // The history that is gone has no later change than the one that goes on.
  await opened(two, older, create('carol'))
  await assert.rejects(opened(one, etcd, operations), { code: 'store-damaged' })
})
