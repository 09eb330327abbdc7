import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBag } from '../../../src/base/bag.ts'

test('a bag has in it what was added and not removed, as a set would', () => {
  const step = fc.record({ which: fc.nat(7), add: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const things = Array.from({ length: 8 }, (_, number) => ({ number, place: -1 }))
      const bag = createBag<(typeof things)[number]>()
      const expected = new Set<(typeof things)[number]>()
      for (const { which, add } of steps) {
        const one = things[which]
        assert.ok(one)
        if (!add) assert.equal(bag.remove(one), expected.delete(one))
        else if (!expected.has(one)) {
          bag.add(one)
          expected.add(one)
        }
        assert.deepEqual(new Set(bag.all()), expected)
        assert.equal(bag.count(), expected.size)
      }
    }),
  )
})

test('what comes and goes later changes nothing in a list of all', () => {
  const bag = createBag<{ place: number }>()
  const one = { place: -1 }
  bag.add(one)
  const all = bag.all()
  bag.remove(one)
  bag.add({ place: -1 })
  assert.deepEqual(all, [one])
})
