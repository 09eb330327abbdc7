import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  FIRST_REFERENCE,
  firstOfClone,
  reference,
  withSeen,
  withTaken,
} from '../../../src/engine/keys/references.ts'
import { isSessionReference } from '../../../src/engine/keys/session-keys.ts'
import { sampleCluster } from '../../contract/store-samples.ts'

const BLOCK = 2 ** 32
const bytes = (number: number) => () => Buffer.from([0, 0, number >> 8, number & 0xff])
const next = (decision: ReturnType<typeof withTaken>) => decision.allow && decision.result.nextReference

test('a clone begins in a block of its own, below the references of sessions', () => {
  assert.equal(firstOfClone(bytes(0)), BLOCK + FIRST_REFERENCE)
  for (const number of [0, 1, 16_382, 16_383, 65_535]) {
    const first = firstOfClone(bytes(number))
    assert.ok(first > BLOCK && !isSessionReference(reference(first + BLOCK - FIRST_REFERENCE - 1)))
  }
  for (let count = 0; count < 100; count++) assert.equal(firstOfClone(randomBytes) % BLOCK, FIRST_REFERENCE)
})

test('references are taken up to the end of the block', () => {
  const last = sampleCluster(BLOCK - 3)
  assert.equal(next(withTaken(last, 2)), BLOCK - 1)
  assert.equal(next(withTaken(last, 3)), false)
  assert.equal(next(withTaken(sampleCluster(5), 1)), 6)
})

test('what came from a clone under a reference that is still to be given out is taken', () => {
  const cluster = sampleCluster(BLOCK + 10)
  const seen = (number: number) => withSeen(cluster, reference(number)).nextReference - BLOCK
  assert.equal(seen(BLOCK + 9), 10)
  assert.equal(seen(BLOCK + 10), 11)
  assert.equal(seen(BLOCK + 99), 100)
  for (const elsewhere of [0x1000, 2 * BLOCK, 3 * BLOCK + 1, 2 ** 46 + 1]) assert.equal(seen(elsewhere), 10)
})
