/** What becomes of guarantee G, and of what was acknowledged, when nodes fail, stand still or are cut off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBulk } from './bulk.ts'
import { createPerson } from './people.ts'
import { isConfirmed, isUse } from './steps.ts'
import { aCluster, inUse, LIMIT, underLoad } from './under-load.ts'

test('kill -9 of a node', LIMIT, async (t) => {
  const { cluster, load } = await underLoad(t)
  const [, , victim] = cluster.nodes
  await victim.kill()
  await load.next(3, isConfirmed)
  await victim.start()
  await inUse(load)
  await load.verdict()
})

for (const fence of [false, true]) {
  const mode = fence ? ', clock-free' : ''

  test(`a node cut off from etcd that clients still reach${mode}`, LIMIT, async (t) => {
    const { cluster, load } = await underLoad(t, { fence })
    cluster.links.toEtcd.silence()
    await Promise.all([load.next(3, isConfirmed), load.next(1, isUse(2, 'not-serving'))])
    cluster.links.toEtcd.mend()
    await inUse(load)
    await load.verdict()
  })

  test(`SIGSTOP of a node in the middle of uses, for longer than its lease${mode}`, LIMIT, async (t) => {
    const cluster = await aCluster(t, { fence })
    const [, , victim] = cluster.nodes
    const bulk = await startBulk(t, cluster)
    victim.freeze()
    await bulk.unshare()
    victim.thaw()
    await bulk.verdict()
  })
}

test('a node cut off from its clients', LIMIT, async (t) => {
  const { cluster, load } = await underLoad(t)
  const [first, , victim] = cluster.nodes
  const carol = createPerson('carol', [victim.address, first.address], cluster.ca())
  t.after(carol.close)
  await carol.call('key.list', { filter: [] })
  cluster.links.toClients.silence()
  await assert.rejects(carol.call('key.list', { filter: [] }), { code: 'unavailable' })
  await carol.call('key.list', { filter: [] })
  await load.next(3, isConfirmed)
  cluster.links.toClients.mend()
  await inUse(load)
  await load.verdict()
})

test('a rolling restart', LIMIT, async (t) => {
  const { cluster, load } = await underLoad(t)
  for (const node of cluster.nodes) {
    await node.stop()
    await node.start()
    await inUse(load)
  }
  await load.verdict()
})
