import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member } from '../../../src/cluster/coordination.ts'
import { createNodeStatus } from '../../../src/cluster/node-status.ts'
import { createRecent } from '../../../src/cluster/recent.ts'
import { writeAcknowledgement } from '../../../src/cluster/registration.ts'
import type { Change } from '../../../src/store/store.ts'

const facts = (id: string) => ({ id, address: `${id}.example:2223`, version: '1.2.3' })
const shown = (id: string) => ({ 'hsm-id': id, address: `${id}.example:2223`, version: '1.2.3' })
const ack = (id: string, revision: number): Member => ({
  key: `ack/${id}`,
  value: writeAcknowledgement({ boot: 'x', revision }),
  revision: revision + 1,
  lease: '1',
})

test('what each HSM of the cluster has applied, and how far that is behind', () => {
  let tell: (changes: readonly Change[]) => void = () => undefined
  const waits = createRecent()
  const status = createNodeStatus({
    store: {
      subscribe(listener) {
        tell = listener
        return () => undefined
      },
      appliedRevision: () => 20,
      knownMembers: () => [ack('b', 12), ack('d', 20)],
    },
    cluster: { hsms: () => ['a', 'b', 'c'].map(facts) },
    id: 'a',
    waits,
    material: () => ({ 'in-memory': 'all', keys: 3, bytes: 4096 }),
  })
  const material = { 'in-memory': 'all', keys: 3, bytes: 4096 }
  const common = { 'hsm-id': 'a', 'applied-revision': 20, material }
  assert.deepEqual(status(), {
    ...common,
    nodes: [
      { ...shown('a'), 'applied-revision': 20, lag: 0 },
      { ...shown('b'), 'applied-revision': 12, lag: 0 },
      shown('c'),
    ],
  })
  const change = { key: 'user/u', before: undefined, after: undefined } as const
  tell([
    { ...change, revision: 17 },
    { ...change, revision: 15 },
  ])
  assert.equal(status().nodes?.[1]?.lag, 5)
  waits.note(0.004)
  assert.deepEqual(status().barrier, { count: 1, 'p50-ms': 4, 'max-ms': 4 })
})

test('of many durations only the latest count', () => {
  const recent = createRecent()
  assert.equal(recent.summary(), undefined)
  for (let ms = 300; ms > 0; ms -= 1) recent.note(ms / 1000)
  assert.deepEqual(recent.summary(), { count: 256, 'p50-ms': 128, 'max-ms': 256 })
})
