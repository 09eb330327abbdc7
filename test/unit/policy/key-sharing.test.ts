import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { shareKey, type Target, unshareKey } from '../../../src/policy/key-sharing.ts'
import { aKey, anActor, aUser, OWNER, SHARED, STRANGER } from '../../support/records.ts'

const target = (id: string): Target => ({ username: id, user: aUser({ id, username: id }) })
const nobody: Target = { username: 'ghost', user: undefined }

suite('refusals', () => {
  const cases = [
    [
      'share by a user it is shared with',
      shareKey,
      SHARED,
      aKey(),
      'crypto-user',
      target(STRANGER),
      'not-owner',
      undefined,
    ],
    [
      'unshare by a user it is shared with',
      unshareKey,
      SHARED,
      aKey(),
      'crypto-user',
      target(SHARED),
      'not-owner',
      undefined,
    ],
    [
      'share by a stranger',
      shareKey,
      STRANGER,
      aKey(),
      'crypto-user',
      target(STRANGER),
      'not-owner',
      undefined,
    ],
    ['share with a role', shareKey, OWNER, aKey(), 'admin', target(STRANGER), 'share-role', undefined],
    ['unshare with a role', unshareKey, OWNER, aKey(), 'admin', target(SHARED), 'share-role', undefined],
    [
      'share with nobody',
      shareKey,
      OWNER,
      aKey(),
      'crypto-user',
      nobody,
      'user-not-found',
      'User ghost not found',
    ],
    [
      'unshare with nobody',
      unshareKey,
      OWNER,
      aKey(),
      'crypto-user',
      nobody,
      'user-not-found',
      'User ghost not found',
    ],
    ['share with oneself', shareKey, OWNER, aKey(), 'crypto-user', target(OWNER), 'share-owner', undefined],
    ['share again', shareKey, OWNER, aKey(), 'crypto-user', target(SHARED), 'already-shared', undefined],
    [
      'unshare what is not shared',
      unshareKey,
      OWNER,
      aKey(),
      'crypto-user',
      target(STRANGER),
      'not-shared',
      undefined,
    ],
    [
      'share a session key',
      shareKey,
      OWNER,
      aKey({ flags: { token: false } }),
      'crypto-user',
      target(STRANGER),
      'session-key',
      undefined,
    ],
  ] as const
  for (const [name, rule, actor, key, role, who, code, why] of cases) {
    test(name, () => {
      const decision = rule(anActor(actor), key, role, [who])
      assert.ok(!decision.allow)
      assert.deepEqual([decision.code, decision.why, decision.writes], [code, why, []])
    })
  }
  test('one bad name among good ones changes nothing', () => {
    assert.equal(shareKey(anActor(OWNER), aKey(), 'crypto-user', [target(STRANGER), nobody]).allow, false)
    assert.equal(unshareKey(anActor(OWNER), aKey(), 'crypto-user', [target(SHARED), nobody]).allow, false)
  })
})

const name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const sharing = fc.record({
  owner: name,
  sharedWith: fc.uniqueArray(name),
  actor: name,
  role: fc.constantFrom('crypto-user' as const, 'admin' as const, 'nobody' as const),
  named: fc.uniqueArray(name, { minLength: 1 }),
})

test('unshare takes the key from exactly the named users, and only for its owner', () => {
  fc.assert(
    fc.property(sharing, ({ owner, sharedWith, actor, role, named }) => {
      const key = aKey({ owner, sharedWith: sharedWith.filter((id) => id !== owner) })
      const decision = unshareKey(anActor(actor, role), key, 'crypto-user', named.map(target))
      if (!decision.allow) return
      assert.equal(actor, owner)
      assert.equal(role, 'crypto-user')
      const after = { ...key, sharedWith: key.sharedWith.filter((id) => !named.includes(id)) }
      assert.deepEqual(decision.writes, [{ put: after }])
    }),
  )
})

test('share gives the key to exactly the named users, after those who have it, and only for its owner', () => {
  fc.assert(
    fc.property(sharing, ({ owner, sharedWith, actor, role, named }) => {
      const key = aKey({ owner, sharedWith: sharedWith.filter((id) => id !== owner) })
      const decision = shareKey(anActor(actor, role), key, 'crypto-user', named.map(target))
      if (!decision.allow) return
      assert.equal(actor, owner)
      assert.equal(role, 'crypto-user')
      assert.deepEqual(decision.writes, [{ put: { ...key, sharedWith: [...key.sharedWith, ...named] } }])
    }),
  )
})
