import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCommitAges } from '../../../src/cluster/commit-ages.ts'

suite('ages of commits', () => {
  test('a commit is as old as the first that is noted at it or after it', () => {
    let now = 100
    const ages = createCommitAges(() => now, 5, 1000)
    now = 200
    ages.note([{ revision: 6 }, { revision: 7 }])
    now = 300
    ages.note([{ revision: 9 }])
    ages.note([])
    assert.deepEqual([3, 5, 6, 7, 8, 9].map(ages.knownSince), [100, 100, 200, 200, 300, 300])
    now = 400
    assert.equal(ages.knownSince(10), 400, 'of what is not known yet')
  })

  test('of what is old enough only that is remembered; nothing becomes older than it is', () => {
    let now = 0
    const ages = createCommitAges(() => now, 0, 1000)
    for (now = 0; now < 5000; now += 100) ages.note([{ revision: now / 100 + 1 }])
    for (let revision = 1; revision <= 50; revision++) {
      const since = (revision - 1) * 100
      const told = ages.knownSince(revision)
      assert.ok(told >= since)
      assert.ok(since < now - 1100 ? told < now - 1000 : told === since)
    }
  })
})
