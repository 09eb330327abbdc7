/** By which way an acknowledgement goes to the other nodes, and when. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import {
  type AcknowledgementWays,
  createAcknowledgementWays,
} from '../../../src/cluster/acknowledgement-ways.ts'
import { virtualTimers } from './virtual-timers.ts'

suite('an acknowledgement', () => {
  let timers: ReturnType<typeof virtualTimers>
  let reached: boolean
  let writable: boolean
  let said: { readonly revision: number; readonly waiting: readonly string[] }[]
  let toldRest: number
  let written: number[]
  let ways: AcknowledgementWays

  beforeEach(() => {
    timers = virtualTimers()
    reached = true
    writable = true
    said = []
    toldRest = 0
    written = []
    ways = createAcknowledgementWays({
      ...timers,
      peers: {
        tell(revision, waiting) {
          said.push({ revision, waiting })
          return reached
        },
        tellRest() {
          toldRest += 1
        },
        repeat: () => undefined,
      },
      async write(revision) {
        if (writable) written.push(revision)
        return writable
      },
    })
  })

  test('is said at once to those that wait for it, to the rest soon, once for all that were said meanwhile', async () => {
    await ways.tell(7, ['b'])
    await ways.tell(9, [])
    assert.equal(toldRest, 0)
    await timers.pass(50)
    assert.equal(toldRest, 1)
  })

  test('is said at once, and written later, when every node is linked', async () => {
    assert.equal(await ways.tell(7, ['b']), true)
    assert.deepEqual([said, written], [[{ revision: 7, waiting: ['b'] }], []])
    await timers.pass(1000)
    assert.deepEqual(written, [7])
  })

  test('is written at once, too, when some node is not linked', async () => {
    reached = false
    assert.equal(await ways.tell(7, ['b']), true)
    assert.deepEqual([said.length, written], [1, [7]])
    await timers.pass(1000)
    assert.deepEqual(written, [7])
  })

  test('is written once for all that were said meanwhile: the newest of those, and nothing beyond', async () => {
    await ways.tell(7, ['b'])
    await ways.tell(9, [])
    await timers.pass(1000)
    assert.deepEqual(written, [9])
    assert.equal(timers.pending(), 0)
  })

  test('is written again when that failed', async () => {
    writable = false
    await ways.tell(7, ['b'])
    await timers.pass(1000)
    writable = true
    ways.repeat()
    await timers.pass(1000)
    assert.deepEqual(written, [7])
    ways.repeat()
    await timers.pass(1000)
    assert.deepEqual(written, [7])
  })

  test('is not told when it is neither said to all nor written', async () => {
    reached = false
    writable = false
    assert.equal(await ways.tell(7, ['b']), false)
  })

  test('is written under the new lease after the node has registered anew', async () => {
    await ways.tell(7, ['b'])
    await timers.pass(1000)
    ways.startOver()
    await ways.tell(7, ['b'])
    await timers.pass(1000)
    assert.deepEqual(written, [7, 7])
  })
})
