import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FLAG_NAMES, type FlagName } from '../../../src/contract/attributes.ts'
import { OPERATIONS, type Operation } from '../../../src/contract/operations.ts'
import { fromHex } from '../../../src/model/octets.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { setFlag } from '../../../src/policy/attribute-rules.ts'
import { type KeyOperation, RULES } from '../../../src/policy/key-rights/rules.ts'
import { revocationsOf } from '../../../src/policy/revocation.ts'
import { mayChange } from '../../../src/policy/trusted-wrapping/changes.ts'
import { aCluster, aKey, anActor, aUser, HERE, ROOM } from '../../support/records.ts'

const users = ['a', 'b', 'c']
const flags = fc.record(
  Object.fromEntries(FLAG_NAMES.map((name) => [name, fc.boolean()])) as Record<
    FlagName,
    fc.Arbitrary<boolean>
  >,
)
const kinds = [
  { keyClass: 'secret-key', keyType: 'aes' },
  { keyClass: 'secret-key', keyType: 'generic-secret' },
  { keyClass: 'secret-key', keyType: 'des3' },
  { keyClass: 'private-key', keyType: 'rsa' },
  { keyClass: 'public-key', keyType: 'rsa' },
  { keyClass: 'private-key', keyType: 'ec', ec: { curve: 'secp256r1', ecPoint: fromHex('0x') } },
  { keyClass: 'private-key', keyType: 'ec', ec: { curve: 'secp384r1', ecPoint: fromHex('0x') } },
  { keyClass: 'public-key', keyType: 'ec', ec: { curve: 'ed25519', ecPoint: fromHex('0x') } },
  { keyClass: 'private-key', keyType: 'ml-dsa' },
] as const
const template = fc.option(fc.record({ sensitive: fc.boolean() }), { nil: undefined })
const sharedWith = fc.uniqueArray(fc.constantFrom(...users))
const anyKey = fc
  .record({
    kind: fc.constantFrom(...kinds),
    owner: fc.constantFrom(...users),
    sharedWith,
    flags,
    madeUnderPolicy: fc.boolean(),
    wrapTemplate: template,
    unwrapTemplate: template,
  })
  .map(({ kind, ...changes }) => aKey({ ...kind, ...changes, id: '0x1' }))

/** A wrapping key that the policy trusted-wrapping honours; chance would hardly make one. */
const honouredKey = anyKey.map(
  (any): KeyRecord => ({
    ...any,
    ...kinds[0],
    madeUnderPolicy: true,
    flags: {
      ...any.flags,
      ...{ encrypt: false, decrypt: false, sign: false, verify: false, derive: false, wrap: true },
      ...{
        local: true,
        'always-sensitive': true,
        'never-extractable': true,
        extractable: false,
        trusted: true,
      },
    },
  }),
)
const key = fc.oneof({ weight: 3, arbitrary: anyKey }, honouredKey)

/** Whatever `key set-attribute`, `share` and `unshare` may do to a key at once, and a little more. */
const change = fc.record({
  flags: fc.uniqueArray(fc.constantFrom(...FLAG_NAMES), { maxLength: 3 }),
  sharedWith: fc.option(sharedWith, { nil: undefined }),
  templates: fc.option(fc.record({ wrapTemplate: template, unwrapTemplate: template }), { nil: undefined }),
  deleted: fc.nat(9).map((number) => number === 0),
})
type Changes = typeof change extends fc.Arbitrary<infer C> ? C : never

function changed(
  before: KeyRecord,
  { flags, sharedWith, templates, deleted }: Changes,
  trustedWrapping: boolean,
): KeyRecord | undefined {
  if (deleted) return undefined
  const shared = { ...before, ...templates, ...(sharedWith && { sharedWith }) }
  return flags.reduce((record, name) => {
    const decision = setFlag(record, name, !record.flags[name])
    const may = decision.allow && mayChange({ trustedWrapping }, record, decision.result).allow
    return may ? decision.result : record
  }, shared)
}

/** The others are decided by the commit that does them, so that nothing of them is under way when a right ends. */
const USES = (Object.keys(RULES) as KeyOperation[]).filter((operation) => {
  const { keys = {} }: Operation = OPERATIONS[RULES[operation].asks]
  return Object.values(keys).includes('use')
})

/** For each way of doing it whether it is allowed. */
function allowed(operation: KeyOperation, user: string, record: KeyRecord, trustedWrapping: boolean) {
  const cluster = aCluster({ trustedWrapping })
  return RULES[operation]
    .ways({ actor: anActor(user), key: record, cluster, circumstances: HERE, room: ROOM, synchronized: true })
    .map(({ decision }) => decision.allow)
}

test('whoever may use a key in some way before a change and not after it is revoked by the change', () => {
  const lost = new Map<KeyOperation, number>()
  const keeping = new Map<KeyOperation, number>()
  const count = (in_: Map<KeyOperation, number>, operation: KeyOperation) =>
    in_.set(operation, (in_.get(operation) ?? 0) + 1)
  fc.assert(
    fc.property(key, change, fc.boolean(), (before, changes, trustedWrapping) => {
      const after = changed(before, changes, trustedWrapping)
      const revocations = revocationsOf(before, after)
      for (const user of users) {
        const hit = revocations.some((each) => each.key === before.id && (each.user ?? user) === user)
        for (const operation of USES) {
          const then = allowed(operation, user, before, trustedWrapping)
          const now = after && allowed(operation, user, after, trustedWrapping)
          if (then.some((may, way) => may && !now?.[way])) {
            count(lost, operation)
            assert.ok(hit, `${user} goes on with ${operation}`)
          } else if (then.includes(true)) count(keeping, operation)
        }
      }
    }),
    { numRuns: 6000 },
  )
  for (const operation of USES) {
    assert.ok((lost.get(operation) ?? 0) > 20, `nobody lost the right to ${operation}`)
    assert.ok((keeping.get(operation) ?? 0) > 20, `nobody kept the right to ${operation}`)
  }
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
