import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, allow, deny } from '../../../src/policy/decision.ts'

test('all of several rules allow if and only if each does; the first that refuses says why, the last what is allowed', () => {
  const yes = allow('first', { delete: 'user/1' })
  const last = allow('last', { delete: 'user/2' })
  assert.deepEqual(all(yes, last), last)
  const [one, other] = [deny('not-owner'), deny('revoked', 'why')]
  for (const rules of [
    [one, yes, last],
    [yes, one, other],
    [yes, one, last],
    [yes, last, one],
  ] as const)
    assert.equal(all(...rules), one)
})
