/** What becomes of guarantee G, and of what was acknowledged, when etcd fails. */
import { test } from 'node:test'
import { compact, leaderOf } from '../../support/etcd.ts'
import { isConfirmed, isUse } from './steps.ts'
import { inBothModes, inUse, LIMIT, underLoad } from './under-load.ts'

const MEMBERS = [0, 1, 2]

inBothModes((cluster) => {
  test('kill -9 of the leader of etcd', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { etcd } = cluster()
    const leader = await leaderOf(etcd)
    await etcd.kill(leader)
    await inUse(load)
    await etcd.restart(leader)
    await load.next(3, isConfirmed)
    await load.verdict()
  })

  test('compaction of etcd while a node is disconnected', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { etcd, links } = cluster()
    links.toEtcd.cut()
    await load.next(3, isConfirmed)
    await compact(etcd)
    links.toEtcd.mend()
    await inUse(load)
    await load.verdict()
  })

  test('loss of the quorum of etcd', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { etcd } = cluster()
    await Promise.all([etcd.kill(0), etcd.kill(1)])
    await Promise.all(MEMBERS.map((node) => load.next(1, isUse(node, 'not-serving'))))
    await Promise.all([etcd.restart(0), etcd.restart(1)])
    await inUse(load)
    await load.verdict()
  })

  test('restart of everything', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { etcd, nodes } = cluster()
    await Promise.all([...nodes.map((node) => node.kill()), ...MEMBERS.map(etcd.kill)])
    await Promise.all(MEMBERS.map(etcd.restart))
    await Promise.all(nodes.map((node) => node.start()))
    await inUse(load)
    await load.verdict()
  })
})
