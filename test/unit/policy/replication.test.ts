import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { UserRecord } from '../../../src/model/records.ts'
import type { Decision } from '../../../src/policy/decision.ts'
import { mayImportKey, mayImportUser } from '../../../src/policy/replication/destination.ts'
import { mayExportKey, mayExportUser } from '../../../src/policy/replication/source.ts'
import { sampleCluster } from '../../contract/store-samples.ts'
import { aKey, anActor, aUser, OWNER, SHARED, STRANGER } from '../../support/records.ts'

const code = (decision: Decision<unknown>) => (decision.allow ? 'allowed' : decision.code)
const writesOf = ({ writes }: Decision<unknown>) =>
  writes.map((write) => ('put' in write ? write.put.kind : ''))
const yesNo = [true, false]
const people = [
  { who: 'the owner', actor: anActor(OWNER), may: true },
  { who: 'an admin', actor: anActor('u-admin', 'admin'), may: true },
  { who: 'a shared user', actor: anActor(SHARED), may: false },
  { who: 'a stranger', actor: anActor(STRANGER), may: false },
  { who: 'nobody', actor: anActor(OWNER, 'nobody'), may: false },
] as const
const clone = (clusterId: string, trustedWrapping = false) => ({ clusterId, trustedWrapping })

suite('which key leaves for a clone', () => {
  for (const { who, actor, may } of people) {
    test(who, () => {
      for (const token of yesNo)
        for (const synchronized of yesNo)
          for (const here of yesNo)
            for (const there of yesNo)
              for (const destination of [clone('b', there), clone('a', there)]) {
                const between = { here: clone('a', here), destination, synchronized }
                const all = may && token && synchronized && destination.clusterId === 'b' && (!here || there)
                const decision = mayExportKey(actor, aKey({ flags: { token } }), between)
                assert.equal(decision.allow, all, JSON.stringify({ token, between }))
                assert.deepEqual(decision.writes, [])
              }
    })
  }

  test('with the reason', () => {
    const between = { here: clone('a', true), destination: clone('b'), synchronized: true }
    const [owner, key] = [anActor(OWNER), aKey()]
    assert.equal(code(mayExportKey(anActor(SHARED), key, between)), 'not-owner')
    assert.equal(code(mayExportKey(owner, aKey({ flags: { token: false } }), between)), 'session-key')
    assert.equal(code(mayExportKey(owner, key, { ...between, synchronized: false })), 'not-synchronized')
    assert.equal(code(mayExportKey(owner, key, { ...between, destination: clone('a') })), 'invalid-request')
    assert.equal(code(mayExportKey(owner, key, between)), 'attribute-refused')
  })
})

suite('which key comes in from a clone', () => {
  const cluster = sampleCluster(1)
  const facts = {
    cluster,
    counted: cluster,
    source: clone('a'),
    standing: 'nothing',
    missing: undefined,
    availability: { check: false, liveHsms: 3 },
    material: 'c2VhbGVk',
    room: {
      keys: 0,
      asymmetricKeys: 0,
      sessionKeys: 0,
      capacity: { users: 9, keys: 9, asymmetricKeys: 9 },
    },
  } as const
  const owner = anActor(OWNER)

  for (const { who, actor, may } of people) {
    test(who, () => {
      for (const standing of ['nothing', 'the same', 'another'] as const)
        for (const missing of [undefined, 'bob'])
          for (const here of yesNo)
            for (const there of yesNo)
              for (const madeUnderPolicy of yesNo) {
                const decision = mayImportKey(actor, aKey({ madeUnderPolicy }), {
                  ...facts,
                  standing,
                  missing,
                  cluster: { ...cluster, trustedWrapping: here },
                  source: clone('a', there),
                })
                const arrives = standing === 'the same' || !here || (there && madeUnderPolicy)
                const all = may && missing === undefined && standing !== 'another' && arrives
                assert.equal(decision.allow, all)
                if (!all || standing === 'the same') assert.deepEqual(decision.writes, [])
              }
    })
  }

  test('it is one commit with the count of references, when that changes', () => {
    const counted = { ...cluster, nextReference: 2 }
    assert.deepEqual(writesOf(mayImportKey(owner, aKey(), facts)), ['key'])
    assert.deepEqual(writesOf(mayImportKey(owner, aKey(), { ...facts, counted })), ['key', 'cluster'])
  })

  test('there must be room, and two HSMs when the check is on', () => {
    const full = { ...facts, room: { ...facts.room, asymmetricKeys: 9 } }
    assert.equal(code(mayImportKey(owner, aKey(), full)), 'key-capacity')
    const short = { ...facts, availability: { check: true, liveHsms: 1 } }
    assert.equal(code(mayImportKey(owner, aKey(), short)), 'key-availability')
  })

  test('a refusal tells of all HSMs', () => {
    const refused = mayImportKey(owner, aKey(), { ...facts, standing: 'another' })
    assert.equal(!refused.allow && refused.why, 'Key replicate failed on 3 of 3 connections')
  })
})

suite('users between clones', () => {
  const between = { here: clone('a'), destination: clone('b'), synchronized: true }
  const facts = {
    namesake: undefined,
    users: [] as readonly UserRecord[],
    hsms: { liveHsms: 3 },
    capacity: { users: 1, keys: 1, asymmetricKeys: 1 },
    staleShares: 0,
  }
  const user = aUser()

  test('leave with the role they are asked for with', () => {
    assert.equal(code(mayExportUser(user, 'crypto-user', between)), 'allowed')
    assert.equal(code(mayExportUser(user, 'admin', between)), 'user-not-found')
    assert.equal(code(mayExportUser(undefined, 'admin', between)), 'user-not-found')
    const apart = mayExportUser(user, 'crypto-user', { ...between, synchronized: false })
    assert.equal(!apart.allow && apart.why, 'Specified user is inconsistent across the cluster')
    const same = { ...between, destination: clone('a') }
    assert.equal(code(mayExportUser(user, 'crypto-user', same)), 'invalid-request')
  })

  test('come in as the same user, in a place of their own', () => {
    const decision = mayImportUser(user, {
      ...facts,
      capacity: { ...facts.capacity, users: 2 },
      users: [aUser({ id: 'u', ordinal: 7 })],
    })
    assert.deepEqual(decision.allow && decision.result, { ...user, ordinal: 8 })
    assert.deepEqual(writesOf(decision), ['user'])
  })

  test('who are there already stay as they are, or it fails', () => {
    const as = (changes: Partial<UserRecord>) => mayImportUser(user, { ...facts, users: [aUser(changes)] })
    const same = as({ ordinal: 9, credentialVersion: 8, wrongPasswords: 1 })
    assert.equal(code(same), 'allowed')
    assert.deepEqual(same.writes, [])
    for (const changes of [{ role: 'admin' }, { password: '$other' }, { wrongPasswords: 6 }] as const) {
      const refused = as(changes)
      assert.equal(!refused.allow && refused.why, 'User replicate failed on 3 of 3 connections')
    }
    const namesake = aUser({ id: 'u-other' })
    assert.equal(code(mayImportUser(user, { ...facts, users: [namesake], namesake })), 'replicate-failed')
  })

  test('need room, and keys that have forgotten them', () => {
    assert.equal(code(mayImportUser(user, { ...facts, users: [aUser({ id: 'u' })] })), 'user-capacity')
    assert.equal(code(mayImportUser(user, { ...facts, staleShares: 1 })), 'busy')
  })
})
