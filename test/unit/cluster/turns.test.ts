/** Who commits next when several nodes want to, and how long a node waits for one that does not. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import type { Registration } from '../../../src/cluster/registration.ts'
import { createTurns, type TurnTaking } from '../../../src/cluster/turns.ts'
import type { Change } from '../../../src/store/store.ts'
import { virtualTimers } from './virtual-timers.ts'

const node = (id: string): Registration => ({
  id,
  boot: `boot of ${id}`,
  address: id,
  version: '1.0.0',
  begun: 0,
})

suite('the turn to commit', () => {
  let timers: ReturnType<typeof virtualTimers>
  let commit: number
  let said: number[]
  let turns: TurnTaking

  const wants = (id: string, after = commit) => turns.hear(`boot of ${id}`, after)
  const commits = (id: string) => {
    commit += 1
    const change: Change = { revision: commit, key: `audit-head/${id}`, before: undefined, after: undefined }
    turns.applied([change])
  }
  /** Whether it is the turn of this node within so many milliseconds, and nobody commits meanwhile. */
  const comes = async (ms: number) => {
    let came = false
    void Promise.resolve(turns.mine()).then(() => {
      came = true
    })
    await timers.pass(ms)
    return came
  }

  beforeEach(() => {
    timers = virtualTimers()
    commit = 10
    said = []
    turns = createTurns({
      ...timers,
      id: () => 'b',
      registered: () => ['a', 'b', 'c'].map(node),
      newestCommit: () => commit,
      say: (after) => void said.push(after),
    })
  })

  test('is that of a node alone at once, and it says nothing', () => {
    turns.wish(10)
    assert.equal(turns.mine(), undefined)
    assert.deepEqual(said, [])
  })

  test('goes around in the order of ids, among those that want it', async () => {
    wants('a')
    wants('c')
    commits('a')
    assert.equal(turns.mine(), undefined)
    wants('a')
    commits('b')
    const mine = turns.mine()
    assert.ok(mine)
    let came = false
    void mine.then(() => {
      came = true
    })
    commits('c')
    await timers.pass(0)
    assert.equal(came, false)
    commits('a')
    await timers.pass(0)
    assert.equal(came, true)
  })

  test('comes after a short while when the others do not take theirs, and they are not waited for again', async () => {
    wants('c')
    commits('b')
    assert.equal(await comes(1000), true)
    assert.equal(turns.mine(), undefined)
  })

  test('is not waited for by who wants it after the commit in which another had all it wanted', async () => {
    wants('c', 10)
    commits('c')
    commits('b')
    assert.equal(turns.mine(), undefined)
  })

  test('is waited for when another wants more than is in its commit under way', () => {
    wants('c', 11)
    commits('c')
    commits('b')
    assert.ok(turns.mine())
  })

  test('is wished for once for each commit, while others are there', async () => {
    commits('a')
    turns.wish(11)
    turns.wish(11)
    turns.wish(12)
    assert.deepEqual(said, [11, 12])
    await timers.pass(5000)
    turns.wish(13)
    assert.deepEqual(said, [11, 12])
  })

  test('is not affected by a process that is not registered, nor by what this node says itself', () => {
    turns.hear('boot of nobody', 10)
    wants('b')
    commits('b')
    assert.equal(turns.mine(), undefined)
  })
})
