import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../../../src/contract/limits.ts'
import { type LoginFacts, mayLogin, mayRenew } from '../../../src/policy/login.ts'
import { sampleLogin } from '../../contract/store-samples.ts'
import { aCluster, aUser } from '../../support/records.ts'

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

/** Ids of the logins that make room for a new one. */
function cleared(logins: Partial<NonNullable<LoginFacts['resumable']>>): readonly string[] {
  const { kind: _, user: own, credentialVersion, expiresAt, ...wanted } = login
  const decision = mayLogin({
    ...{
      cluster: aCluster(),
      user,
      role: 'crypto-user',
      proven: true,
      provenVersion: user.credentialVersion,
    },
    ...{ sessions: 0, sessionsOfUser: 0 },
    resumable: { now: 1000, count: 0, all: [], ofUser: [], login: wanted, ...logins },
  })
  assert.ok(decision.allow)
  return decision.writes.flatMap((write) => ('delete' in write ? [write.delete.replace('login/', '')] : []))
}
const some = (count: number, expiresAt: number) =>
  Array.from({ length: count }, (_, at) => sampleLogin(at + 2, { expiresAt: expiresAt + at }))

test('with a new login some of those that are over are cleared away, and none that is not', () => {
  const over = some(20, 900)
  assert.deepEqual(
    cleared({ all: over }),
    over.slice(0, 8).map(({ id }) => id),
  )
  assert.deepEqual(cleared({ all: some(20, 1001) }), [])
})

test('no user has more logins than are left for others: one too many takes the place of the oldest', () => {
  const ofUser = some(3, 2000)
  assert.deepEqual(cleared({ count: LIMITS.logins - 4, ofUser }), [])
  assert.deepEqual(cleared({ count: LIMITS.logins - 3, ofUser: ofUser.toReversed() }), [ofUser[0]?.id])
})
