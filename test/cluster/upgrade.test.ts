/** A cluster in use is upgraded node by node, and gone back with before its records have the new format. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FORMAT } from '../../src/model/formats.ts'
import { hasRevision, treeOf } from '../support/earlier.ts'
import { type Node, startNodes } from './faults/nodes.ts'
import { createPerson, settle } from './faults/people.ts'
import { inUse, underLoad } from './faults/under-load.ts'

/** The last revision that writes records in the first format. */
const EARLIER = '73c435f'

const LIMIT = {
  timeout: 240_000,
  skip: hasRevision(EARLIER) ? false : `the history of this clone does not go back to ${EARLIER}`,
}

test('three nodes under load: to this version, back, and to this version for good', LIMIT, async (t) => {
  const earlier = treeOf(EARLIER)
  t.after(earlier.remove)
  const cluster = await startNodes({ links: false, clocks: false, program: earlier.program })
  t.after(cluster.stop)
  await settle(cluster)
  const { nodes } = cluster
  const load = await underLoad(t, cluster)

  const turn = async (node: Node, program?: string) => {
    await node.stop()
    await node.start(program)
    await inUse(load)
  }
  /** How often each node has said that it raised the format. */
  const raises = async (): Promise<number> => {
    const admin = createPerson('admin', [nodes[0].address], cluster.ca())
    try {
      const logs = await Promise.all(
        nodes.map(({ id }) => admin.call('audit.list', { hsm: id, first: 0, count: 1000 })),
      )
      return logs
        .flatMap(({ entries }) => entries)
        .filter(({ operation, subjects }) => {
          if (operation !== 'cluster.raise-format') return false
          assert.deepEqual(subjects, [`format/${FORMAT}`])
          return true
        }).length
    } finally {
      admin.close()
    }
  }

  await turn(nodes[2])
  await turn(nodes[1])
  await turn(nodes[2], earlier.program)
  await turn(nodes[1], earlier.program)

  await turn(nodes[0])
  await turn(nodes[1])
  assert.equal(await raises(), 0)
  await turn(nodes[2])
  assert.equal(await raises(), 1)

  await nodes[0].stop()
  await assert.rejects(nodes[0].start(earlier.program), /the HSM ended before it served/)
  await nodes[0].start()
  await inUse(load)
  await load.verdict()
})
