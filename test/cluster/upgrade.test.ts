/** A cluster in use is upgraded node by node, and gone back with before its records have the new format. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../src/client/connect.ts'
import { FORMAT } from '../../src/model/formats.ts'
import { hasRevision, treeOf } from '../support/earlier.ts'
import { PASSWORD } from '../support/world.ts'
import { type Node, startNodes } from './faults/nodes.ts'
import { createPerson, type Person, settle } from './faults/people.ts'
import { inUse, underLoad } from './faults/under-load.ts'

/** The last revisions that write records in an earlier format. */
const EARLIER = [
  { format: 1, revision: '73c435f' },
  { format: 2, revision: 'b9e2107' },
]

const limit = (revision: string) => ({
  timeout: 240_000,
  skip: hasRevision(revision) ? false : `the history of this clone does not go back to ${revision}`,
})

for (const { format, revision } of EARLIER) {
  const name = `three nodes under load: from format ${format} to this version, back, and to this version for good`
  test(name, limit(revision), async (t) => {
    const earlier = treeOf(revision)
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
    const asAdmin = async <T>({ address }: Node, act: (admin: Person) => Promise<T>): Promise<T> => {
      const admin = createPerson('admin', [address], cluster.ca())
      return act(admin).finally(admin.close)
    }
    /** How often each node has said that it raised the format. */
    const raises = (): Promise<number> =>
      asAdmin(nodes[0], async (admin) => {
        const logs = await Promise.all(
          nodes.map(({ id }) => admin.call('audit.list', { hsm: id, first: 0, count: 1000 })),
        )
        return logs
          .flatMap(({ entries }) => entries)
          .filter(({ operation, subjects }) => {
            if (operation !== 'cluster.raise-format') return false
            if (subjects[0] !== `format/${format}`) assert.deepEqual(subjects, [`format/${FORMAT}`])
            return subjects[0] === `format/${FORMAT}`
          }).length
      })
    const setPolicy = (node: Node) =>
      asAdmin(node, (admin) => admin.call('audit.set-policy', { 'key-use': 'sampled' }))
    const login = async (node: Node) => {
      const hsm = connect({ servers: [node.address], trust: { ca: cluster.ca() } })
      const request = { username: 'alice', role: 'crypto-user', password: PASSWORD, resumable: true } as const
      return hsm.call('session.login', request).finally(hsm.close)
    }
    /** What earlier versions cannot read is not written: it is refused, or done as they do it. */
    const writesWhatAllRead = async (node: Node) => {
      await assert.rejects(setPolicy(node), { code: 'unavailable', message: /upgrade every HSM/ })
      assert.equal('credential' in (await login(node)), false)
    }

    await turn(nodes[2])
    await writesWhatAllRead(nodes[2])
    await turn(nodes[1])
    await turn(nodes[2], earlier.program)
    await turn(nodes[1], earlier.program)

    await turn(nodes[0])
    await turn(nodes[1])
    await writesWhatAllRead(nodes[1])
    assert.equal(await raises(), 0)
    await turn(nodes[2])
    assert.equal(await raises(), 1)
    for (const node of nodes) {
      assert.ok('credential' in (await login(node)))
      await setPolicy(node)
    }

    await nodes[0].stop()
    await assert.rejects(nodes[0].start(earlier.program), /the HSM ended before it served/)
    await nodes[0].start()
    await inUse(load)
    await load.verdict()
  })
}
