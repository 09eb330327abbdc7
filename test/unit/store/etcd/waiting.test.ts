/** What happens when etcd takes too long, on a clock of the test's own. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { createTransactionQueue } from '../../../../src/store/etcd/transaction-queue.ts'
import { createWatchdog } from '../../../../src/store/etcd/watchdog.ts'
import { put } from '../../../contract/store-samples.ts'

describe('transactions that wait', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())
  const body = () => put()

  it('are told that nothing was changed if they were never sent', async () => {
    const queue = createTransactionQueue()
    const waits = assert.rejects(queue.add(body), {
      message: 'etcd did not answer in time; nothing was changed',
    })
    mock.timers.tick(10_000)
    await waits
    assert.deepEqual(queue.waiting(), [])
  })

  it('are told that it is not known if they were sent, and do not run again', async () => {
    const queue = createTransactionQueue()
    const waits = assert.rejects(queue.add(body), {
      message: /it is not known whether the change was stored$/,
    })
    const sent = queue.take(1)
    mock.timers.tick(10_000)
    await waits
    queue.putBack(sent)
    assert.deepEqual(queue.waiting(), [])
  })

  it('go back to the front when they must run again', async () => {
    const queue = createTransactionQueue()
    const settled = [queue.add(body), queue.add(body), queue.add(body)]
    const order = queue.waiting()
    queue.putBack(queue.take(2))
    assert.deepEqual(queue.waiting(), order)
    for (const [at, job] of order.entries()) job.resolve({ result: at, revision: 1 })
    assert.deepEqual(
      (await Promise.all(settled)).map(({ result }) => result),
      [0, 1, 2],
    )
  })
})

describe('a watch that brings nothing', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())
  const guarded = () => {
    const state = { applied: 1, stalls: 0 }
    const watchdog = createWatchdog(
      () => state.applied,
      () => (state.stalls += 1),
    )
    return { state, watchdog }
  }

  it('is noticed, and again if that did not help', () => {
    const { state, watchdog } = guarded()
    watchdog.expect(5)
    mock.timers.tick(999)
    assert.equal(state.stalls, 0)
    mock.timers.tick(1)
    assert.equal(state.stalls, 1)
    mock.timers.tick(1000)
    assert.equal(state.stalls, 2)
    watchdog.stop()
    mock.timers.tick(5000)
    assert.equal(state.stalls, 2)
  })

  it('is noticed for a later revision while an earlier one is waited for', () => {
    const { state, watchdog } = guarded()
    watchdog.expect(5)
    state.applied = 5
    watchdog.expect(6)
    mock.timers.tick(1000)
    assert.equal(state.stalls, 0)
    mock.timers.tick(1000)
    assert.equal(state.stalls, 1)
    watchdog.stop()
  })
})
