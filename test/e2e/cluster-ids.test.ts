/** An id is of one HSM, and of one process at a time. */
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { OpenHsm } from '../../src/main/open-hsm.ts'
import { invite } from '../../src/node/invite.ts'
import { join } from '../../src/node/join.ts'
import { clusterHomes } from '../support/cluster-homes.ts'
import { etcdctl } from '../support/etcd.ts'

const { etcd, newHome, start } = await clusterHomes()

/** The first node of a cluster, as hsm-one, and the home of one that was invited. */
async function oneAndInvited(t: TestContext, clusterId: string) {
  const home = newHome()
  const options = { etcd: { endpoints: [...etcd.endpoints] }, clusterId, hsmId: 'hsm-one' }
  const one = await start(t, home, options)
  await one.hsm.call('cluster.activate', { password: 'correct horse' })
  const invited = newHome()
  const secret = await invite(home, Date.now())
  await join(invited, { secret, etcd: {}, now: Date.now() })
  return { home, one, invited }
}

const ofAnother = {
  code: 'invalid-request',
  message:
    'hsm-one is the id of another HSM of this cluster, running or gone, and ids are not used again; choose another one with --hsm-id',
}

const serves = async ({ hsm }: OpenHsm): Promise<boolean | undefined> =>
  (await hsm.call('cluster.status', {})).serving

test('the id of an HSM that runs is not taken by another home, which can have another id then', async (t) => {
  const { one, invited } = await oneAndInvited(t, 'cluster-taken')
  await assert.rejects(start(t, invited, { hsmId: 'hsm-one' }), ofAnother)
  assert.equal(await serves(one), true)
  const two = await start(t, invited, { hsmId: 'hsm-two' })
  assert.deepEqual([await serves(one), await serves(two)], [true, true])
})

test('nor is the id of one that is gone, even if etcd has forgotten whose it was', async (t) => {
  const { one, home, invited } = await oneAndInvited(t, 'cluster-retired')
  await one.close({ graceMs: 0 })
  await assert.rejects(start(t, invited, { hsmId: 'hsm-one' }), ofAnother)
  await etcdctl(etcd.endpoints, 'del', '/strongroom/cluster-retired/home/hsm-one')
  await assert.rejects(start(t, invited, { hsmId: 'hsm-one' }), ofAnother)
  assert.equal(await serves(await start(t, home)), true)
})

test('a home from before ids were claimed goes on with its id', async (t) => {
  const { one, home } = await oneAndInvited(t, 'cluster-older')
  await one.close({ graceMs: 0 })
  rmSync(home.identity)
  await etcdctl(etcd.endpoints, 'del', '/strongroom/cluster-older/home/hsm-one')
  assert.equal(await serves(await start(t, home)), true)
})

test('whose an id is cannot be changed in etcd', async (t) => {
  const { one, home } = await oneAndInvited(t, 'cluster-changed')
  await one.close({ graceMs: 0 })
  await etcdctl(etcd.endpoints, 'put', '/strongroom/cluster-changed/home/hsm-one', 'something else')
  await assert.rejects(start(t, home), { code: 'store-damaged', message: /^Whose id hsm-one is was changed/ })
})

test('a copy of a home does not start while the HSM runs, and does when it has stopped', async (t) => {
  const { one, home } = await oneAndInvited(t, 'cluster-twins')
  const copy = newHome()
  await one.close({ graceMs: 0 })
  cpSync(home.root, copy.root, { recursive: true })
  const again = await start(t, home)
  await assert.rejects(start(t, copy), {
    code: 'unavailable',
    message:
      /^hsm-one runs already, at 127\.0\.0\.1:\d+, on another machine or from another copy of this home; /,
  })
  assert.equal(await serves(again), true)
  await again.close({ graceMs: 0 })
  assert.equal(await serves(await start(t, copy)), true)
})
