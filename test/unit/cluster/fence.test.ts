import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createFence, type Fence } from '../../../src/cluster/fence.ts'
import { fails } from '../../support/errors.ts'
import { virtualTimers } from './virtual-timers.ts'

suite('read fence', () => {
  let time: ReturnType<typeof virtualTimers>
  let reads: PromiseWithResolvers<number>[]
  let applied: Map<number, PromiseWithResolvers<void>>
  let fence: Fence
  const turns = async () => {
    for (let turn = 0; turn < 3; turn++) await setImmediate()
  }
  const passed = (waiting: Promise<void>) => {
    const state = { yes: false }
    waiting.then(
      () => {
        state.yes = true
      },
      () => undefined,
    )
    return state
  }

  beforeEach(() => {
    time = virtualTimers()
    reads = []
    applied = new Map()
    fence = createFence({
      clock: time.clock,
      after: time.after,
      timing: { fenceMs: 450, leaseSeconds: 3 },
      coordination: {
        newestCommit() {
          const read = Promise.withResolvers<number>()
          reads.push(read)
          return read.promise
        },
        appliedAtLeast(revision) {
          const reached = applied.get(revision) ?? Promise.withResolvers<void>()
          applied.set(revision, reached)
          return reached.promise
        },
      },
    })
  })

  test('passes when what was read is applied', async () => {
    const state = passed(fence())
    await turns()
    reads[0]?.resolve(7)
    await turns()
    assert.equal(state.yes, false)
    applied.get(7)?.resolve()
    await turns()
    assert.equal(state.yes, true)
    assert.equal(time.pending(), 0)
  })

  test('one read serves all who came before it; the next serves those who came during it', async () => {
    const early = [passed(fence()), passed(fence())]
    await turns()
    assert.equal(reads.length, 1)
    const late = [passed(fence()), passed(fence())]
    await turns()
    assert.equal(reads.length, 1)
    reads[0]?.resolve(7)
    await turns()
    applied.get(7)?.resolve()
    await turns()
    assert.deepEqual(
      [...early, ...late].map(({ yes }) => yes),
      [true, true, false, false],
    )
    assert.equal(reads.length, 2)
    reads[1]?.resolve(7)
    await turns()
    assert.ok(late.every(({ yes }) => yes))
  })

  test('asks again when the answer is old by the time it is applied', async () => {
    const state = passed(fence())
    await turns()
    reads[0]?.resolve(7)
    await turns()
    await time.pass(450)
    applied.get(7)?.resolve()
    await turns()
    assert.deepEqual([state.yes, reads.length], [false, 2])
    await time.pass(449)
    reads[1]?.resolve(7)
    await turns()
    assert.equal(state.yes, true)
  })

  test('does not ask for ever', async () => {
    const refused = assert.rejects(fence(), fails('not-serving'))
    for (let at = 0; at < 10; at++) {
      await turns()
      await time.pass(450)
      reads[at]?.resolve(7)
      await turns()
      applied.get(7)?.resolve()
    }
    await refused
    assert.equal(reads.length, 7)
  })

  test('refuses when etcd does not answer or the commit does not arrive, and tries again for the next', async () => {
    const failed = fence()
    await turns()
    reads[0]?.reject(new Error('no answer'))
    await assert.rejects(failed, fails('not-serving'))
    const stuck = fence()
    await turns()
    reads[1]?.resolve(9)
    await turns()
    const refused = assert.rejects(stuck, fails('not-serving'))
    await time.pass(3000)
    await refused
    void fence().catch(() => undefined)
    await turns()
    assert.equal(reads.length, 3)
  })
})
