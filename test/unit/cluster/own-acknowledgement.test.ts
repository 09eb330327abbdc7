/** Two nodes over a model of etcd: who acknowledges a change first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_LINKS } from '../../../src/cluster/peer-links.ts'
import { createEtcdModel } from '../../cluster/simulation/etcd-model.ts'
import { createNetwork } from '../../cluster/simulation/network.ts'
import { createProcess } from '../../cluster/simulation/process.ts'
import { startNode } from '../../cluster/simulation/sim-node.ts'
import { createSimStore } from '../../cluster/simulation/sim-store.ts'
import { createChance, createVirtualTime } from '../../cluster/simulation/virtual-time.ts'
import { aKey } from '../../support/records.ts'

const RUNNING_MS = 5000

async function twoNodes() {
  const [time, chance] = [createVirtualTime(), createChance(1)]
  const etcd = createEtcdModel(time, chance)
  etcd.commit(0, [{ put: aKey({ sharedWith: ['bob'] }) }])
  const nodes = ['hsm-a', 'hsm-b'].map((id) => {
    const process = createProcess(time, chance, 1)
    const network = createNetwork(time, chance, etcd)
    const store = createSimStore({ process, etcd, network, now: time.now })
    return store
      .load()
      .then(() => startNode({ id, process, store, links: NO_LINKS, chance, now: time.now, mutation: {} }))
  })
  await time.run(RUNNING_MS)
  const [a] = await Promise.all(nodes)
  return { time, etcd, a: a ?? assert.fail() }
}

test('a node that waits for the others acknowledges its own change after them', async () => {
  const { time, etcd, a } = await twoNodes()
  let committed = 0
  const changed = a.change(
    (key) => ({ ...key, sharedWith: [] }),
    (revision) => {
      committed = revision
    },
  )
  await time.run(RUNNING_MS + 500)
  assert.deepEqual(await changed, { how: 'acknowledged' })
  const words = etcd.log
    .slice(committed)
    .flatMap(({ members }) => members.map(({ key }) => key))
    .filter((key) => key.startsWith('ack/'))
  assert.deepEqual(words.slice(0, 2), ['ack/hsm-b', 'ack/hsm-a'])
})
