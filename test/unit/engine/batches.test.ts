import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatches } from '../../../src/engine/journal/batches.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'

const event = (at: number): AuditEvent => ({ at, actor: 'a', operation: 'o', outcome: 'no', subjects: [] })

function batchesWith(commit: (events: readonly AuditEvent[]) => Promise<void>, spacingMs: number) {
  const state = { now: 0, idle: 0 }
  const batches = createBatches({
    commit,
    spacingMs,
    monotonic: () => state.now,
    onIdle: () => {
      state.idle += 1
    },
  })
  return { batches, state }
}

test('what comes while one is committed goes together, in the order it came', async () => {
  const commits: (readonly number[])[] = []
  const { batches } = batchesWith(async (events) => {
    await new Promise((resolve) => setImmediate(resolve))
    commits.push(events.map(({ at }) => at))
  }, 0)
  await Promise.all(Array.from({ length: 101 }, (_, at) => batches.add(event(at))))
  assert.deepEqual(
    commits.map(({ length }) => length),
    [1, 64, 36],
  )
  assert.deepEqual(
    commits.flat(),
    Array.from({ length: 101 }, (_, at) => at),
  )
})

test('an entry is answered when it is committed, and not when those after it are', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const commits: number[] = []
  const { batches } = batchesWith(async (events) => void commits.push(events.length), 50)
  await batches.add(event(0))
  let answered = 0
  const later = [1, 2, 3].map((at) => batches.add(event(at)).then(() => (answered += 1)))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([commits, answered], [[1], 0])
  t.mock.timers.tick(50)
  await Promise.all(later)
  assert.deepEqual([commits, answered], [[1, 3], 3])
})

test('what cannot be committed is answered, stays, and is tried again', async () => {
  const store: { takes: boolean } = { takes: false }
  const { batches, state } = batchesWith(async () => {
    if (!store.takes) throw new Error('no')
  }, 0)
  await batches.add(event(0))
  assert.deepEqual([batches.waiting().length, state.idle], [1, 1])
  store.takes = true
  await batches.write()
  assert.equal(batches.waiting().length, 0)
})
