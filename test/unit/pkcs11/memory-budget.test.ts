/** Who gets memory for large frames, and when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryBudget } from '../../../src/pkcs11/memory-budget.ts'

const [ALICE, BOB, CAROL] = [1, 2, 3]

/** A budget of 100, and who was granted what, in order. */
function create() {
  const memory = createMemoryBudget(100)
  const granted: string[] = []
  const reserve = (peer: number, bytes: number) =>
    memory.reserve(peer, bytes, () => granted.push(`${peer}: ${bytes}`))
  return { reserve, granted: () => granted.splice(0) }
}

test('what there is is granted at once, and what is given back to who waits, in order', () => {
  const { reserve, granted } = create()
  const first = reserve(ALICE, 30)
  reserve(ALICE, 25)
  reserve(ALICE, 1)
  assert.deepEqual(granted(), ['1: 30'])
  first()
  assert.deepEqual(granted(), ['1: 25', '1: 1'])
})

test('a peer that has nothing comes before one that has something, and is overtaken by nobody', () => {
  const { reserve, granted } = create()
  const alices = reserve(ALICE, 40)
  const bobs = reserve(BOB, 29)
  assert.deepEqual(granted(), ['1: 40', '2: 29'])
  reserve(BOB, 1)
  reserve(CAROL, 35)
  reserve(BOB, 2)
  assert.deepEqual(granted(), ['2: 1'])
  bobs()
  assert.deepEqual(granted(), [])
  alices()
  assert.deepEqual(granted(), ['3: 35', '2: 2'])
})

test('who gives up waiting is granted nothing, gives nothing back, and lets the next one by', () => {
  const { reserve, granted } = create()
  const first = reserve(ALICE, 30)
  const second = reserve(ALICE, 60)
  reserve(ALICE, 10)
  assert.deepEqual(granted(), ['1: 30'])
  second()
  second()
  assert.deepEqual(granted(), ['1: 10'])
  first()
  first()
  reserve(ALICE, 41)
  assert.deepEqual(granted(), [])
})
