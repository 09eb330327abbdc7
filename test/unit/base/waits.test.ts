import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createWaits } from '../../../src/base/waits.ts'

/** Waits of 800 ms on a clock that the test moves; what they took. */
function begin(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waits = createWaits(800)
  const took: number[] = []
  let now = 0
  return {
    took,
    wait() {
      const from = now
      return waits.begin(() => took.push(now - from))
    },
    /** One by one: timers that begin in a step of the mocked clock begin at its end. */
    tick(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += 1
        t.mock.timers.tick(1)
      }
    },
  }
}

suite('waits', () => {
  test('take their time, and an eighth more at most, however they lie to the timer', (t) => {
    const { took, tick, wait } = begin(t)
    for (let begun = 0; begun < 40; begun++) {
      wait()
      tick(33)
    }
    tick(900)
    assert.equal(took.length, 40)
    assert.ok(took.every((ms) => ms >= 800 && ms <= 900))
  })

  test('that are called off do not end, whenever that is', (t) => {
    const { took, tick, wait } = begin(t)
    const callOff = wait()
    const callOffLate = wait()
    callOff()
    callOff()
    tick(900)
    assert.equal(took.length, 1)
    callOffLate()
    wait()
    tick(900)
    assert.equal(took.length, 2)
  })

  test('may begin another when they end', (t) => {
    const { took, tick, wait } = begin(t)
    createWaits(80).begin(wait)
    tick(90)
    tick(799)
    assert.deepEqual(took, [])
    tick(101)
    assert.equal(took.length, 1)
  })
})
