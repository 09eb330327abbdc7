import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type KeyRecord, recordKey } from '../../../../src/model/records.ts'
import { createReadingAhead } from '../../../../src/store/etcd/reading-ahead.ts'
import { sampleKey } from '../../../contract/store-samples.ts'
import { until } from '../../../support/until.ts'

function started(count: number, answers: (read: number) => boolean = () => true) {
  const keys = Array.from({ length: count }, (_, at) => sampleKey(at))
  const there = new Set<string>()
  const sizes: number[] = []
  const ahead = createReadingAhead({
    keys: (): Iterable<KeyRecord> => keys,
    lacks: (key) => !there.has(key),
    async read(some) {
      sizes.push(some.length)
      if (!answers(sizes.length)) throw new Error('no answer')
      for (const key of some) there.add(key)
      return true
    },
  })
  return { ahead, there, sizes, keys }
}

suite('reading ahead', () => {
  test('reads all that is lacking, 32 at a time, when it is woken', async () => {
    const { ahead, there, sizes } = started(70)
    assert.deepEqual(sizes, [])
    ahead.wake()
    await until('all is there', () => there.size === 70)
    assert.deepEqual(sizes, [32, 32, 6])
    ahead.stop()
  })

  test('finds a few that lack among many', async () => {
    const { ahead, there, keys } = started(10_000)
    for (const key of keys.slice(0, 9_999)) there.add(recordKey(key))
    ahead.wake()
    await until('all is there', () => there.size === 10_000)
    ahead.stop()
  })

  test('begins again after no answer', async () => {
    const { ahead, there, sizes } = started(40, (read) => read !== 2)
    ahead.wake()
    await until('all is there', () => there.size === 40)
    assert.deepEqual(sizes, [32, 8, 8])
    ahead.stop()
  })

  test('reads nothing more when it was stopped', async () => {
    const { ahead, sizes } = started(70)
    ahead.wake()
    await until('it has begun', () => sizes.length > 0)
    ahead.stop()
    ahead.wake()
    const before = sizes.length
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(sizes.length, before)
  })
})
