import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Target } from '../../../src/policy/facts.ts'
import { mayShareKey, mayUnshareKey } from '../../../src/policy/key-sharing.ts'
import { aKey, anActor, aUser, OWNER, SHARED, STRANGER } from '../../support/records.ts'

const target = (id: string): Target => ({ username: id, user: aUser({ id, username: id }) })
const nobody: Target = { username: 'ghost', user: undefined }

suite('refusals', () => {
  const cases = [
    [
      'share by a user it is shared with',
      mayShareKey,
      SHARED,
      aKey(),
      'crypto-user',
      target(STRANGER),
      'not-owner',
      undefined,
    ],
    [
      'unshare by a user it is shared with',
      mayUnshareKey,
      SHARED,
      aKey(),
      'crypto-user',
      target(SHARED),
      'not-owner',
      undefined,
    ],
    [
      'share by a stranger',
      mayShareKey,
      STRANGER,
      aKey(),
      'crypto-user',
      target(STRANGER),
      'not-owner',
      undefined,
    ],
    ['share with a role', mayShareKey, OWNER, aKey(), 'admin', target(STRANGER), 'share-role', undefined],
    ['unshare with a role', mayUnshareKey, OWNER, aKey(), 'admin', target(SHARED), 'share-role', undefined],
    [
      'share with nobody',
      mayShareKey,
      OWNER,
      aKey(),
      'crypto-user',
      nobody,
      'user-not-found',
      'User ghost not found',
    ],
    [
      'unshare with nobody',
      mayUnshareKey,
      OWNER,
      aKey(),
      'crypto-user',
      nobody,
      'user-not-found',
      'User ghost not found',
    ],
    [
      'share with oneself',
      mayShareKey,
      OWNER,
      aKey(),
      'crypto-user',
      target(OWNER),
      'share-owner',
      undefined,
    ],
    ['share again', mayShareKey, OWNER, aKey(), 'crypto-user', target(SHARED), 'already-shared', undefined],
    [
      'unshare what is not shared',
      mayUnshareKey,
      OWNER,
      aKey(),
      'crypto-user',
      target(STRANGER),
      'not-shared',
      undefined,
    ],
    [
      'share a session key',
      mayShareKey,
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
      const decision = rule({ actor: anActor(actor), key, users: [who] }, { role })
      assert.ok(!decision.allow)
      assert.deepEqual([decision.code, decision.why, decision.writes], [code, why, []])
    })
  }
  test('one bad name among good ones changes nothing', () => {
    assert.equal(
      mayShareKey(
        { actor: anActor(OWNER), key: aKey(), users: [target(STRANGER), nobody] },
        { role: 'crypto-user' },
      ).allow,
      false,
    )
    assert.equal(
      mayUnshareKey(
        { actor: anActor(OWNER), key: aKey(), users: [target(SHARED), nobody] },
        { role: 'crypto-user' },
      ).allow,
      false,
    )
  })
})

const name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const sharing = fc
  .record({
    owner: name,
    sharedWith: fc.uniqueArray(name),
    actor: name,
    role: fc.constantFrom(
      'crypto-user' as const,
      'crypto-user' as const,
      'admin' as const,
      'nobody' as const,
    ),
    named: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
    byOwner: fc.boolean(),
  })
  .map(({ byOwner, ...of }) => ({ ...of, ...(byOwner && { actor: of.owner }) }))
  .map((of) => ({ ...of, sharedWith: of.sharedWith.filter((id) => id !== of.owner) }))

type Sharing = typeof sharing extends fc.Arbitrary<infer S> ? S : never

/** Allowed if and only if the sentence says so, and then with these users; both happen often enough to tell. */
function holdsExactly(
  rule: typeof mayShareKey,
  allowed: (of: Sharing) => boolean,
  usersAfter: (of: Sharing) => readonly string[],
) {
  const met = { allowed: 0, refused: 0 }
  fc.assert(
    fc.property(sharing, (of) => {
      const key = aKey({ owner: of.owner, sharedWith: of.sharedWith })
      const decision = rule(
        { actor: anActor(of.actor, of.role), key, users: of.named.map(target) },
        { role: 'crypto-user' },
      )
      met[decision.allow ? 'allowed' : 'refused'] += 1
      assert.equal(decision.allow, of.actor === of.owner && of.role === 'crypto-user' && allowed(of))
      const writes = decision.allow ? [{ put: { ...key, sharedWith: usersAfter(of) } }] : []
      assert.deepEqual(decision.writes, writes)
    }),
    { numRuns: 1000 },
  )
  assert.ok(met.allowed > 20 && met.refused > 20, JSON.stringify(met))
}

test('unshare is allowed exactly for the owner and users who have the key, and takes it from them alone', () => {
  holdsExactly(
    mayUnshareKey,
    ({ named, sharedWith }) => named.every((id) => sharedWith.includes(id)),
    ({ named, sharedWith }) => sharedWith.filter((id) => !named.includes(id)),
  )
})

test('share is allowed exactly for the owner and users who do not have the key, and gives it to them, last', () => {
  holdsExactly(
    mayShareKey,
    ({ named, sharedWith, owner }) => named.every((id) => id !== owner && !sharedWith.includes(id)),
    ({ named, sharedWith }) => [...sharedWith, ...named],
  )
})
