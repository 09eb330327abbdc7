import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyedQueue } from '../../../src/base/keyed-queue.ts'

test('work under one key runs in the order of asking, a failure does not stop the next', async () => {
  const queue = createKeyedQueue()
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
    queue.run('n', work('a')),
    queue.run('n', work('b', true)),
    queue.run('n', work('c')),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('work under different keys runs side by side', async () => {
  const queue = createKeyedQueue()
  const gate = Promise.withResolvers<string>()
  const waiting = queue.run('a', () => gate.promise)
  assert.equal(await queue.run('b', async () => 'b'), 'b')
  gate.resolve('a')
  assert.equal(await waiting, 'a')
})

test('it says how much work there is under a key, and forgets what has ended', async () => {
  const queue = createKeyedQueue()
  const gate = Promise.withResolvers<string>()
  const failing = async () => {
    await gate.promise
    throw new Error('failed')
  }
  const waiting = [queue.run('a', () => gate.promise), queue.run('a', failing), queue.run('b', failing)]
  assert.deepEqual([queue.count('a'), queue.count('b'), queue.count('c')], [2, 1, 0])
  gate.resolve('over')
  await Promise.allSettled(waiting)
  assert.deepEqual([queue.count('a'), queue.count('b')], [0, 0])
  assert.equal(await queue.run('a', async () => 'again'), 'again')
})

test('work that needs no waiting is over at once when there is no other under its key, and else in its turn', async () => {
  const queue = createKeyedQueue()
  const throwing = () => {
    throw new Error('at once')
  }
  assert.equal(
    queue.run('a', () => 'at once'),
    'at once',
  )
  assert.throws(() => queue.run('a', throwing), /at once/)
  assert.equal(queue.count('a'), 0)
  const order: string[] = []
  const first = queue.run('a', async () => {
    await undefined
    order.push('first')
  })
  const second = queue.run('a', () => order.push('second'))
  const third = queue.run('a', throwing)
  assert.deepEqual([order, queue.count('a')], [[], 3])
  await Promise.allSettled([first, second, third])
  await assert.rejects(async () => third, /at once/)
  assert.deepEqual([order, queue.count('a')], [['first', 'second'], 0])
})
