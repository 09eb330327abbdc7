import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createWaits } from '../../../src/base/waits.ts'
import { createArrival } from '../../../src/server/frames/arrival.ts'

/** A frame may take 80 ms, on a clock that the test moves. */
function begin({ mock }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] })
  let late = 0
  const arrival = createArrival(createWaits(80), () => {
    late += 1
  })
  const tick = (ms: number) => {
    for (let step = 0; step < ms; step++) mock.timers.tick(1)
  }
  return { arrival, tick, late: () => late }
}

test('a frame has its time from its first byte, however often more of it comes', (t) => {
  const { arrival, tick, late } = begin(t)
  for (let piece = 0; piece < 10; piece++) {
    arrival.look(true)
    tick(10)
  }
  assert.equal(late(), 1)
})

test('frames that come one after another, each in time, are not late', (t) => {
  const { arrival, tick, late } = begin(t)
  for (let frame = 0; frame < 10; frame++) {
    arrival.complete()
    arrival.look(true)
    tick(70)
  }
  assert.equal(late(), 0)
})

test('the time in which this side does not read does not count', (t) => {
  const { arrival, tick, late } = begin(t)
  for (let turn = 0; turn < 10; turn++) {
    arrival.look(true)
    tick(70)
    arrival.look(false)
  }
  tick(100)
  assert.equal(late(), 0)
})
