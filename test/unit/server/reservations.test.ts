/** What a request takes of the room for all of them is there again when it has left. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { createInFlight } from '../../../src/server/in-flight.ts'

const limits = {
  ...LIMITS,
  arrivingBytesPerUser: 10,
  arrivingRevocationBytesPerUser: 10,
  untakenBytesPerUser: 5,
}
const admission = (revokes = false) => ({ user: 'u', revokes, requestBytes: 100, refused: () => undefined })

test('all that arrived, in however many pieces, is given back with the answer, and the answer when it leaves', () => {
  const inFlight = createInFlight(limits)
  for (const revokes of [false, true, false]) {
    const one = inFlight.reserve(admission(revokes), 'peer')
    for (const bytes of [3, 3, 4]) one.arrive(bytes)
    if (!revokes) assert.throws(() => one.arrive(1), { code: 'busy' })
    one.enter()
    assert.ok(one.answer(5))
    const other = inFlight.reserve(admission(), 'peer')
    other.arrive(10)
    assert.equal(other.answer(1), false)
    other.leave()
    one.leave()
  }
})

test('a revocation finds room of its own when the user has none left, and gives back both', () => {
  const inFlight = createInFlight(limits)
  for (let round = 0; round < 3; round++) {
    const one = inFlight.reserve(admission(true), 'peer')
    for (const bytes of [6, 6, 4]) one.arrive(bytes)
    assert.throws(() => one.arrive(5), { code: 'busy' })
    one.leave()
    one.leave()
  }
})
