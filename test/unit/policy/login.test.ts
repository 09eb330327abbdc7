import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayRenew } from '../../../src/policy/login.ts'
import { sampleLogin } from '../../contract/store-samples.ts'
import { aUser } from '../../support/records.ts'

const user = aUser()
const login = sampleLogin(1, { user: user.id, session: 'own', expiresAt: 5000, idleMs: 900 })

const renewed = (changes: Partial<Parameters<typeof mayRenew>[0]> = {}, session = 'own') => {
  const decision = mayRenew({ user, login, now: 1000, ...changes }, session)
  assert.ok(decision.allow)
  assert.equal(decision.writes.length, decision.result ? 1 : 0)
  return decision.result?.expiresAt
}

test('a login is renewed by the session that it has, while it can be resumed', () => {
  assert.equal(renewed(), 1900)
  assert.equal(renewed({}, 'the one before'), undefined)
  assert.equal(renewed({ login: undefined }), undefined)
  assert.equal(renewed({ now: 4999 }), 5899)
  assert.equal(renewed({ now: 5000 }), undefined)
  assert.equal(renewed({ user: undefined }), undefined)
  assert.equal(renewed({ user: aUser({ credentialVersion: 2 }) }), undefined)
  assert.equal(renewed({ user: aUser({ id: 'another' }) }), undefined)
})
