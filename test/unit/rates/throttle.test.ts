import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createThrottle } from '../../../src/rates/throttle.ts'

function create(changes: { sources?: number; kinds?: number } = {}) {
  let now = 0
  const throttle = createThrottle<number>({
    periodMs: 100,
    written: 2,
    kinds: 3,
    sources: 3,
    ...changes,
    monotonic: () => now,
  })
  return {
    throttle,
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('the first ones are written, then the last, with the number of those between', () => {
  const { throttle, pass } = create()
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((event) => throttle.note('a', 'x', event)),
    [true, true, false, false, false],
  )
  assert.deepEqual([throttle.due(), throttle.isPending()], [[], true])
  pass(100)
  assert.deepEqual(throttle.due(), [{ last: 5, leftOut: 2 }])
  assert.deepEqual([throttle.due(), throttle.isPending()], [[], false])
  assert.equal(throttle.note('a', 'x', 6), true)
})

test('the first of each kind is written, also when many others came before', () => {
  const { throttle } = create()
  for (let event = 0; event < 100; event++) throttle.note('a', 'x', event)
  assert.deepEqual([throttle.note('a', 'y', 100), throttle.note('a', 'y', 101)], [true, false])
  assert.deepEqual(throttle.soFar('a'), [
    { last: 99, leftOut: 97 },
    { last: 101, leftOut: 0 },
  ])
})

test('what was said so far is said, and the period goes on', () => {
  const { throttle, pass } = create()
  for (const event of [1, 2, 3]) throttle.note('a', 'x', event)
  assert.deepEqual(throttle.soFar('a'), [{ last: 3, leftOut: 0 }])
  assert.equal(throttle.note('a', 'x', 4), false)
  pass(100)
  assert.deepEqual(throttle.due(), [{ last: 4, leftOut: 0 }])
})

test('a new period does not lose what was to be said of the one before', () => {
  const { throttle, pass } = create()
  for (const event of [1, 2, 3]) throttle.note('a', 'x', event)
  pass(100)
  assert.equal(throttle.note('a', 'x', 4), true)
  assert.deepEqual(throttle.due(), [{ last: 3, leftOut: 0 }])
})

test('sources do not take from each other, until there are too many of them', () => {
  const { throttle } = create()
  const first = ['a', 'b', 'c'].map((source) => [1, 2].map((event) => throttle.note(source, 'x', event)))
  assert.deepEqual(first.flat(), Array(6).fill(true))
  assert.deepEqual(
    ['d', 'e', 'f', 'd'].map((source, event) => throttle.note(source, 'x', event)),
    [true, true, false, false],
  )
})

test('whatever comes, every event is written or counted, and the first and the last are written', () => {
  const step = fc.record({
    source: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    kind: fc.constantFrom('v', 'w', 'x', 'y', 'z'),
    wait: fc.constantFrom(0, 0, 0, 0, 40, 120),
    look: fc.constantFrom('due', 'so far', undefined, undefined),
  })
  let summaries = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
      const { throttle, pass } = create()
      let [written, counted] = [0, 0]
      const told: number[] = []
      const tell = (all: ReturnType<typeof throttle.due>) => {
        for (const { last, leftOut } of all) {
          told.push(last)
          counted += leftOut
          summaries += 1
        }
      }
      steps.forEach(({ source, kind, wait, look }, event) => {
        pass(wait)
        if (throttle.note(source, kind, event)) told.push(event)
        if (look === 'due') tell(throttle.due())
        if (look === 'so far') tell(throttle.soFar(source))
      })
      tell(throttle.soFar())
      written = told.length
      assert.equal(written + counted, steps.length)
      assert.ok(told.includes(0) && told.includes(steps.length - 1))
      assert.equal(new Set(told).size, told.length)
    }),
  )
  assert.ok(summaries > 0)
})
