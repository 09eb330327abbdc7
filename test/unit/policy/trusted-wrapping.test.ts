/** Which wrapping keys the policy `trusted-wrapping` takes an admin's word for. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FlagName } from '../../../src/contract/attributes.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { mayChange, mayCopy } from '../../../src/policy/trusted-wrapping/changes.ts'
import { completedFor, mayMake, type Provenance } from '../../../src/policy/trusted-wrapping/new-keys.ts'
import { isHonoured, isTrustworthy } from '../../../src/policy/trusted-wrapping/profile.ts'
import { aKey } from '../../support/records.ts'

const APPLIED = { trustedWrapping: true }
const NOT_APPLIED = { trustedWrapping: false }
const GOOD = {
  wrap: true,
  local: true,
  sensitive: true,
  'always-sensitive': true,
  extractable: false,
  'never-extractable': true,
} as const

const wrapping = (
  flags: Partial<Record<FlagName, boolean>> = {},
  changes: Partial<KeyRecord> = {},
): KeyRecord =>
  aKey({
    keyClass: 'secret-key',
    keyType: 'aes',
    madeUnderPolicy: true,
    ...changes,
    flags: { ...GOOD, ...flags },
  })

suite('a key is trustworthy', () => {
  test('that wraps or unwraps or both, and was made for nothing else since the policy was applied', () => {
    for (const flags of [{}, { unwrap: true }, { unwrap: true, wrap: false }]) {
      assert.equal(isTrustworthy(APPLIED, wrapping(flags)), true)
      assert.equal(isHonoured(APPLIED, wrapping({ ...flags, trusted: true })), true)
      assert.equal(isHonoured(APPLIED, wrapping(flags)), false)
    }
  })

  const otherwise: readonly (readonly [string, KeyRecord])[] = [
    ['it neither wraps nor unwraps', wrapping({ wrap: false })],
    ...(['encrypt', 'decrypt', 'sign', 'verify', 'derive'] as const).map(
      (use) => [`it has the use ${use}`, wrapping({ [use]: true })] as const,
    ),
    ['it was not generated here', wrapping({ local: false })],
    ['it was not always sensitive', wrapping({ 'always-sensitive': false })],
    ['it was extractable', wrapping({ 'never-extractable': false })],
    ['it is older than the policy', wrapping({}, { madeUnderPolicy: false })],
    ['it is a public key', wrapping({}, { keyClass: 'public-key', keyType: 'rsa' })],
  ]
  for (const [why, key] of otherwise) {
    test(`not if ${why}`, () => {
      assert.equal(isTrustworthy(APPLIED, key), false)
      const trusted = { ...key, flags: { ...key.flags, trusted: true } }
      assert.equal(isHonoured(APPLIED, trusted), false)
      assert.equal(mayChange(APPLIED, key, trusted).allow, false)
    })
  }

  test('never while the policy is not applied, and then nothing is refused for it', () => {
    const key = wrapping()
    assert.equal(isTrustworthy({ trustedWrapping: false }, key), false)
    const trusted = { ...key, flags: { ...key.flags, trusted: true, decrypt: true } }
    assert.equal(mayChange({ trustedWrapping: false }, key, trusted).allow, true)
  })
})

suite('a key that wraps or unwraps', () => {
  for (const use of ['wrap', 'unwrap'] as const) {
    test(`does so from its first day to its last: ${use}`, () => {
      const [with_, without] = [true, false].map((value) => wrapping({ wrap: false, [use]: value }))
      for (const [before, after] of [
        [with_, without],
        [without, with_],
      ]) {
        assert.ok(before && after)
        assert.equal(mayChange(APPLIED, before, after).allow, false)
      }
    })
  }
  for (const use of ['encrypt', 'decrypt', 'sign', 'verify', 'derive'] as const) {
    test(`gains no other use: ${use}`, () => {
      assert.equal(mayChange(APPLIED, wrapping(), wrapping({ [use]: true })).allow, false)
      assert.equal(mayChange(APPLIED, wrapping({ [use]: true }), wrapping()).allow, use !== 'derive')
      if (use === 'derive') return
      const signing = wrapping({ wrap: false })
      assert.equal(mayChange(APPLIED, signing, wrapping({ wrap: false, [use]: true })).allow, true)
    })
  }
})

suite('a secret key that derives', () => {
  const base = (flags: Partial<Record<FlagName, boolean>> = {}, changes: Partial<KeyRecord> = {}) =>
    wrapping({ wrap: false, derive: true, ...flags }, changes)

  test('does so from its first day to its last', () => {
    const [with_, without] = [base(), base({ derive: false })]
    assert.equal(mayChange(APPLIED, with_, without).allow, false)
    assert.equal(mayChange(APPLIED, without, with_).allow, false)
    assert.equal(mayChange(NOT_APPLIED, without, with_).allow, true)
    const pair = { keyClass: 'private-key', keyType: 'ec' } as const
    assert.equal(mayChange(APPLIED, base({ derive: false }, pair), base({}, pair)).allow, true)
  })

  for (const use of ['encrypt', 'decrypt', 'sign', 'verify'] as const) {
    test(`gains no other use: ${use}`, () => {
      assert.equal(mayChange(APPLIED, base(), base({ [use]: true })).allow, false)
      assert.equal(mayChange(APPLIED, base({ [use]: true }), base()).allow, true)
      assert.equal(mayChange(NOT_APPLIED, base(), base({ [use]: true })).allow, true)
    })
  }

  test('cannot be copied; private keys that derive can', () => {
    assert.equal(mayCopy(APPLIED, base()).allow, false)
    assert.equal(mayCopy(NOT_APPLIED, base()).allow, true)
    assert.equal(mayCopy(APPLIED, base({}, { keyClass: 'private-key', keyType: 'ec' })).allow, true)
  })

  const GENERATED = { from: 'generated' } as const
  const made = (flags: Partial<Record<FlagName, boolean>>, origin: Provenance = GENERATED) =>
    mayMake(APPLIED, { keyClass: 'secret-key', flags: base(flags).flags, origin }).allow

  test('is generated here, sensitive, not extractable, and for nothing else', () => {
    assert.equal(made({}), true)
    for (const flags of [
      { sensitive: false },
      { extractable: true, 'wrap-with-trusted': true },
      { encrypt: true },
      { decrypt: true },
      { sign: true },
      { verify: true },
      { wrap: true },
      { unwrap: true },
    ])
      assert.equal(made(flags), false, JSON.stringify(flags))
    for (const from of ['imported', 'unwrapped', 'copied'] as const) assert.equal(made({}, { from }), false)
    assert.equal(made({}, { from: 'derived', base: base().flags }), false)
  })

  test('is made like that where that leaves a choice', () => {
    const completed = { derive: true, sign: false, verify: false, extractable: false }
    assert.deepEqual(completedFor(APPLIED, 'secret-key', { derive: true }), completed)
    assert.deepEqual(completedFor(APPLIED, 'private-key', { derive: true }), {
      derive: true,
      'wrap-with-trusted': true,
    })
  })
})
