/** What becomes of guarantee G, and of what was acknowledged, when nodes fail, stand still, are cut off or misjudge time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBulk } from './bulk.ts'
import { hoursAhead } from './clocks.ts'
import { createPerson } from './people.ts'
import { isConfirmed, isUse } from './steps.ts'
import { startTravellers } from './travellers.ts'
import { inBothModes, inUse, LIMIT, underLoad } from './under-load.ts'

inBothModes((cluster, mode) => {
  test('kill -9 of a node', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const [, , victim] = cluster().nodes
    await victim.kill()
    await load.next(3, isConfirmed)
    await victim.start()
    await inUse(load)
    await load.verdict()
  })

  test('a node cut off from etcd that clients still reach', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { links } = cluster()
    links.toEtcd.silence()
    await Promise.all([load.next(3, isConfirmed), load.next(1, isUse(2, 'not-serving'))])
    links.toEtcd.mend()
    await inUse(load)
    await load.verdict()
  })

  test('SIGSTOP of a node in the middle of uses, for longer than its lease', LIMIT, async (t) => {
    const bulk = await startBulk(t, cluster())
    const [, , victim] = cluster().nodes
    victim.freeze()
    await bulk.unshare()
    victim.thaw()
    await bulk.verdict()
  })

  test('a node cut off from its clients', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { nodes, links, ca } = cluster()
    const [first, , victim] = nodes
    const carol = createPerson('carol', [victim.address, first.address], ca())
    t.after(carol.close)
    await carol.call('key.list', { filter: [] })
    links.toClients.silence()
    await assert.rejects(carol.call('key.list', { filter: [] }), { code: 'unavailable' })
    await carol.call('key.list', { filter: [] })
    await load.next(3, isConfirmed)
    links.toClients.mend()
    await inUse(load)
    await load.verdict()
  })

  test('a rolling restart fails no request that clients with all nodes can make again', LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const travellers = startTravellers(cluster())
    t.after(travellers.stop)
    for (const node of cluster().nodes) {
      await node.stop()
      await node.start()
      await Promise.all([inUse(load), travellers.allServed()])
    }
    await travellers.verdict()
    await load.verdict()
  })

  if (mode === 'clock-free') return

  test("a node's time of day is stepped by an hour, there and back again", LIMIT, async (t) => {
    const load = await underLoad(t, cluster())
    const { nodes, stepClock } = cluster()
    const [, , stepped] = nodes
    for (const hours of [1, -1, 0]) {
      stepClock(hours)
      // What it shows is up to a second old.
      while ((await hoursAhead(stepped.address)) !== hours);
      await inUse(load)
    }
    await load.verdict()
  })
})
