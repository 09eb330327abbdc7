import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBudgets } from '../../../src/rates/budgets.ts'

function create(names = 10) {
  let now = 0
  const budgets = createBudgets({ perSecond: 100, burst: 50, names, monotonic: () => now })
  return {
    budgets,
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('each name has a budget of its own, which comes back with time', () => {
  const { budgets, pass } = create()
  budgets.charge('a', 50)
  assert.deepEqual([budgets.has('a'), budgets.has('b')], [false, true])
  pass(10)
  assert.equal(budgets.has('a'), true)
})

test('a debt is paid off first, and is never more than can be saved up', () => {
  const { budgets, pass } = create()
  budgets.charge('a', 1e9)
  pass(500)
  assert.equal(budgets.has('a'), false)
  pass(1)
  assert.equal(budgets.has('a'), true)
})

test('what is given back can be spent again, but no more than was there', () => {
  const { budgets } = create()
  budgets.charge('a', 50)
  budgets.refund('a', 1)
  assert.equal(budgets.has('a'), true)
  budgets.refund('a', 1e9)
  budgets.charge('a', 50)
  assert.equal(budgets.has('a'), false)
})

test('beyond so many names, new ones share one budget until others have theirs back', () => {
  const { budgets, pass } = create(2)
  for (const name of ['a', 'b']) budgets.charge(name, 1)
  budgets.charge('c', 50)
  assert.deepEqual([budgets.has('a'), budgets.has('c'), budgets.has('d')], [true, false, false])
  pass(10)
  budgets.charge('d', 50)
  assert.deepEqual([budgets.has('d'), budgets.has('e')], [false, true])
})

test('over any while, nobody gets more than was saved up, what came back in it, and one charge', () => {
  const step = fc.record({ wait: fc.nat(200), amount: fc.integer({ min: 1, max: 40 }) })
  let refused = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { budgets, pass } = create()
      let [spent, waited] = [0, 0]
      for (const { wait, amount } of steps) {
        pass(wait)
        waited += wait
        if (!budgets.has('a')) {
          refused += 1
          continue
        }
        budgets.charge('a', amount)
        spent += amount
        assert.ok(spent <= 50 + (waited * 100) / 1000 + 40 + 1e-6)
      }
    }),
  )
  assert.ok(refused > 0)
})
