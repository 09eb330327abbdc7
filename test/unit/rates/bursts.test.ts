import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBursts } from '../../../src/rates/bursts.ts'

function create(changes: { sources?: number; kinds?: number } = {}) {
  let now = 0
  const bursts = createBursts<number>({
    periodMs: 100,
    written: 2,
    kinds: 3,
    sources: 3,
    ...changes,
    monotonic: () => now,
  })
  return {
    bursts,
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('the first ones are written, then the last, with the number of those between', () => {
  const { bursts, pass } = create()
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((event) => bursts.note('a', 'x', event)),
    [true, true, false, false, false],
  )
  assert.deepEqual([bursts.due(), bursts.isPending()], [[], true])
  pass(100)
  assert.deepEqual(bursts.due(), [{ last: 5, leftOut: 2 }])
  assert.deepEqual([bursts.due(), bursts.isPending()], [[], false])
  assert.equal(bursts.note('a', 'x', 6), true)
})

test('the first of each kind is written, also when many others came before', () => {
  const { bursts } = create()
  for (let event = 0; event < 100; event++) bursts.note('a', 'x', event)
  assert.deepEqual([bursts.note('a', 'y', 100), bursts.note('a', 'y', 101)], [true, false])
  assert.deepEqual(bursts.soFar('a'), [
    { last: 99, leftOut: 97 },
    { last: 101, leftOut: 0 },
  ])
})

test('what was said so far is said, and the period goes on', () => {
  const { bursts, pass } = create()
  for (const event of [1, 2, 3]) bursts.note('a', 'x', event)
  assert.deepEqual(bursts.soFar('a'), [{ last: 3, leftOut: 0 }])
  assert.equal(bursts.note('a', 'x', 4), false)
  pass(100)
  assert.deepEqual(bursts.due(), [{ last: 4, leftOut: 0 }])
})

test('a new period does not lose what was to be said of the one before', () => {
  const { bursts, pass } = create()
  for (const event of [1, 2, 3]) bursts.note('a', 'x', event)
  pass(100)
  assert.equal(bursts.note('a', 'x', 4), true)
  assert.deepEqual(bursts.due(), [{ last: 3, leftOut: 0 }])
})

test('sources do not take from each other, until there are too many of them', () => {
  const { bursts } = create()
  const first = ['a', 'b', 'c'].map((source) => [1, 2].map((event) => bursts.note(source, 'x', event)))
  assert.deepEqual(first.flat(), Array(6).fill(true))
  assert.deepEqual(
    ['d', 'e', 'f', 'd'].map((source, event) => bursts.note(source, 'x', event)),
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
      const { bursts, pass } = create()
      let [written, counted] = [0, 0]
      const told: number[] = []
      const tell = (all: ReturnType<typeof bursts.due>) => {
        for (const { last, leftOut } of all) {
          told.push(last)
          counted += leftOut
          summaries += 1
        }
      }
      steps.forEach(({ source, kind, wait, look }, event) => {
        pass(wait)
        if (bursts.note(source, kind, event)) told.push(event)
        if (look === 'due') tell(bursts.due())
        if (look === 'so far') tell(bursts.soFar(source))
      })
      tell(bursts.soFar())
      written = told.length
      assert.equal(written + counted, steps.length)
      assert.ok(told.includes(0) && told.includes(steps.length - 1))
      assert.equal(new Set(told).size, told.length)
    }),
  )
  assert.ok(summaries > 0)
})
