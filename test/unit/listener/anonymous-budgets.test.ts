import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createAnonymousBudgets } from '../../../src/listener/anonymous-budgets.ts'

const LIMITS = {
  anonymousMsPerSecond: 1,
  anonymousBurstMs: 10,
  allAnonymousMsPerSecond: 1,
  allAnonymousBurstMs: 20,
  anonymousPeers: 100,
}

suite('peers without a login', () => {
  test('leave the others what they may take, however much they take themselves', () => {
    const budgets = createAnonymousBudgets(LIMITS, () => 0)
    for (let taken = 0; taken < 1000; taken++) budgets.charge('greedy', 1)
    assert.equal(budgets.has('greedy'), false)
    assert.equal(budgets.has('other'), true)
  })

  test('have so much together', () => {
    const budgets = createAnonymousBudgets(LIMITS, () => 0)
    for (const peer of ['a', 'b', 'c']) for (let taken = 0; taken < 9; taken++) budgets.charge(peer, 1)
    assert.equal(budgets.has('d'), false)
  })
})
