import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createWaits } from '../../../src/base/waits.ts'

/** Waits of 800 ms on a clock that the test moves. */
function begin(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waits = createWaits(800)
  const late: string[] = []
  return {
    late,
    wait: (name: string) => waits.begin(() => late.push(name)),
    /** Timers that begin while the clock of the test is moved begin where it stops. */
    tick(ms: number) {
      for (let at = 0; at < ms; at++) t.mock.timers.tick(1)
    },
  }
}

suite('waits', () => {
  test('end when their time is over, and not before, however they lie to the timer', (t) => {
    const { late, tick, wait } = begin(t)
    wait('first')
    tick(99)
    wait('second')
    tick(700)
    assert.deepEqual(late, [])
    tick(101)
    assert.deepEqual(late, ['first'])
    tick(99)
    assert.deepEqual(late, ['first', 'second'])
  })

  test('that are called off do not end, whenever that is', (t) => {
    const { late, tick, wait } = begin(t)
    const callOff = wait('early')
    const callOffLate = wait('late')
    callOff()
    callOff()
    tick(900)
    callOffLate()
    assert.deepEqual(late, ['late'])
    wait('next')
    tick(900)
    assert.deepEqual(late, ['late', 'next'])
  })

  test('may begin another when they end', (t) => {
    const { late, tick, wait } = begin(t)
    const waits = createWaits(80)
    waits.begin(() => wait('second'))
    tick(90)
    tick(899)
    assert.deepEqual(late, [])
    tick(1)
    assert.deepEqual(late, ['second'])
  })
})
