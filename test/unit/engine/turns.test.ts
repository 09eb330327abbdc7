import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from '../../../src/engine/turns.ts'

test('work under one name takes turns in the order of asking, a failure does not stop the next', async () => {
  const turns = createTurns()
  const order: string[] = []
  const work =
    (name: string, fail = false) =>
    async () => {
      order.push(`${name} begins`)
      await undefined
      order.push(`${name} ends`)
      if (fail) throw new Error(name)
      return name
    }
  const results = await Promise.allSettled([
    turns('n', work('a')),
    turns('n', work('b', true)),
    turns('n', work('c')),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('work under different names runs side by side', async () => {
  const turns = createTurns()
  const gate = Promise.withResolvers<string>()
  const waiting = turns('a', () => gate.promise)
  assert.equal(await turns('b', async () => 'b'), 'b')
  gate.resolve('a')
  assert.equal(await waiting, 'a')
})

test('only so many wait under one name, and there is room again later', async () => {
  const turns = createTurns()
  const gate = Promise.withResolvers<string>()
  const waiting = [turns('a', () => gate.promise, 2), turns('a', async () => 'second', 2)]
  await assert.rejects(
    turns('a', async () => assert.fail('it has no turn'), 2),
    { code: 'busy' },
  )
  assert.equal(await turns('b', async () => 'b', 2), 'b')
  gate.resolve('first')
  assert.deepEqual(await Promise.all(waiting), ['first', 'second'])
  assert.equal(await turns('a', async () => 'third', 2), 'third')
})
