import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Event, violations } from '../../support/history.ts'

const event = (kind: Event['kind'], start: number, end: number, ok = true): Event => ({
  kind,
  start,
  end,
  ok,
})
const count = (events: Event[], deliveredInOrder = false) => violations(events, { deliveredInOrder }).length

test('the checker finds a use begun after a confirmed revocation', () => {
  assert.equal(count([event('grant', 1, 2), event('revoke', 3, 4), event('use', 5, 6)]), 1)
})

test('the checker accepts uses before, refused uses, and uses after a new grant', () => {
  const revoke = event('revoke', 3, 4)
  assert.equal(count([event('use', 1, 2), revoke, event('use', 5, 6, false)]), 0)
  assert.equal(count([revoke, event('grant', 5, 6), event('use', 7, 8)]), 0)
  assert.equal(count([revoke, event('use', 5, 9), event('grant', 6, 7)]), 0)
  assert.equal(count([event('grant', 1, 2), revoke, event('revoke', 9, 10), event('use', 11, 12)]), 1)
})

test('a revocation that was not confirmed promises nothing', () => {
  assert.equal(count([event('revoke', 1, 2, false), event('use', 3, 4)]), 0)
})

test('a use under way may deliver late over a network, but not where results come in order', () => {
  const history = [event('revoke', 2, 3), event('use', 1, 4)]
  assert.equal(count(history), 0)
  assert.equal(count(history, true), 1)
})

test('a grant that failed may still come to pass', () => {
  const history = [event('grant', 1, 2, false), event('revoke', 3, 4), event('use', 5, 6)]
  assert.equal(count(history), 0)
  assert.equal(count([...history, event('grant', 7, 8, false)]), 0)
  assert.equal(count([event('revoke', 1, 2), event('use', 3, 4), event('grant', 5, 6, false)]), 1)
})
