import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FLAG_NAMES, type FlagName } from '../../../src/contract/attributes.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { maySign, mayVerify } from '../../../src/policy/key-use.ts'
import { revocationsOf } from '../../../src/policy/revocation.ts'
import { aKey, anActor, aUser, HERE } from '../../support/records.ts'

const users = ['a', 'b', 'c']
const flags = fc.record(
  Object.fromEntries(FLAG_NAMES.map((name) => [name, fc.boolean()])) as Record<
    FlagName,
    fc.Arbitrary<boolean>
  >,
)
const key = fc
  .record({
    owner: fc.constantFrom(...users),
    sharedWith: fc.uniqueArray(fc.constantFrom(...users)),
    keyClass: fc.constantFrom('private-key' as const, 'public-key' as const),
    flags,
    label: fc.string(),
  })
  .map((changes) => aKey({ ...changes, id: '0x1' }))

const mechanism = { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' } as const
const mayUse = (id: string, record: KeyRecord | undefined): boolean =>
  record !== undefined &&
  [maySign, mayVerify].some((rule) => rule(anActor(id), record, mechanism, HERE).allow)

test('whoever may use a key before a change and not after it is revoked by the change', () => {
  fc.assert(
    fc.property(key, fc.option(key, { nil: undefined }), (before, after) => {
      const changed = after && { ...after, keyClass: before.keyClass }
      for (const id of users) {
        if (!mayUse(id, before) || mayUse(id, changed)) continue
        const hit = revocationsOf(before, changed).some(
          (revocation) => revocation.key === before.id && (revocation.user ?? id) === id,
        )
        assert.ok(hit, `${id} keeps a use under way`)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a change that takes nothing from anyone revokes nothing', () => {
  const before = aKey({ sharedWith: ['a'], flags: { sign: false, extractable: true } })
  const harmless: KeyRecord[] = [
    { ...before, label: 'new' },
    { ...before, sharedWith: ['a', 'b'] },
    { ...before, flags: { ...before.flags, sign: true } },
    structuredClone(before),
  ]
  for (const after of harmless) assert.deepEqual(revocationsOf(before, after), [])
})

test('unshare ends only the uses of the user it takes the key from', () => {
  const before = aKey({ sharedWith: ['a', 'b'] })
  assert.deepEqual(revocationsOf(before, { ...before, sharedWith: ['b'] }), [{ key: before.id, user: 'a' }])
})

test('a new password ends the sessions of the old one, but not the session that made it', () => {
  const before = aUser()
  assert.deepEqual(revocationsOf(before, { ...before, wrongPasswords: 3 }), [])
  assert.deepEqual(revocationsOf(before, { ...before, credentialVersion: 2, survivingSession: 's' }), [
    { user: before.id, except: 's' },
  ])
  assert.deepEqual(revocationsOf(before, undefined), [{ user: before.id }])
})
