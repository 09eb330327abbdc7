import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FLAG_NAMES, KEY_CLASSES, type KeyClass } from '../../../src/contract/attributes.ts'
import { newKeyFlags } from '../../../src/policy/new-key-flags.ts'

const made = (keyClass: KeyClass, given = {}, session = false) => {
  const decision = newKeyFlags(keyClass, given, session)
  assert.ok(decision.allow, JSON.stringify(decision))
  return decision.result
}

const refused = (keyClass: KeyClass, given: object, session = false) => {
  const decision = newKeyFlags(keyClass, given, session)
  assert.ok(!decision.allow, `${keyClass} ${JSON.stringify(given)} was allowed`)
  return decision
}

suite('defaults, column by column of the reference', () => {
  const rows = [
    [
      ['encrypt', 'decrypt', 'wrap', 'unwrap', 'derive', 'trusted', 'wrap-with-trusted', 'never-extractable'],
      [false, false, false],
    ],
    [
      ['sign', 'verify'],
      [true, false, false],
    ],
    [
      ['token', 'private', 'modifiable', 'destroyable', 'extractable', 'local'],
      [true, true, true],
    ],
    [
      ['sensitive', 'always-sensitive'],
      [true, false, true],
    ],
  ] as const
  for (const [names, values] of rows) {
    for (const name of names) {
      test(name, () => {
        assert.deepEqual(
          KEY_CLASSES.map((keyClass) => made(keyClass)[name]),
          [...values],
        )
      })
    }
  }
  test('every flag has a row', () => {
    assert.deepEqual(new Set(rows.flatMap(([names]) => [...names])), new Set(FLAG_NAMES))
  })
})

test('always-sensitive and never-extractable follow from what the key is made with', () => {
  assert.equal(made('private-key', { extractable: false })['never-extractable'], true)
  assert.equal(made('secret-key', { sensitive: false })['always-sensitive'], false)
})

test('a session key has token=false, however it is asked for', () => {
  assert.equal(made('secret-key', {}, true).token, false)
  assert.equal(made('secret-key', { token: false }).token, false)
  assert.equal(refused('secret-key', { token: true }, true).code, 'invalid-attribute')
})

test('what a class can never have is refused in one sentence', () => {
  for (const [keyClass, given] of [
    ['private-key', { wrap: true }],
    ['public-key', { unwrap: true }],
    ['public-key', { derive: true }],
    ['public-key', { sensitive: true }],
  ] as const) {
    const [name] = Object.keys(given)
    assert.equal(
      refused(keyClass, given).why,
      `Attribute ${name} cannot be set to the value true by the user for this operation`,
    )
    assert.ok(newKeyFlags(keyClass, { [name as string]: false }, false).allow)
  }
})

const KEPT = ['trusted', 'local', 'always-sensitive', 'never-extractable'] as const
const NEVER: Readonly<Record<KeyClass, readonly string[]>> = {
  'secret-key': [],
  'public-key': ['sensitive', 'unwrap', 'derive'],
  'private-key': ['wrap'],
}

test('every other flag is as the caller chooses, where the class can have it', () => {
  for (const keyClass of KEY_CLASSES) {
    for (const name of FLAG_NAMES.filter((each) => !KEPT.some((kept) => kept === each))) {
      for (const value of [false, true]) {
        const decision = newKeyFlags(keyClass, { [name]: value }, false)
        const possible = !value || !NEVER[keyClass].includes(name)
        assert.equal(decision.allow, possible, `${keyClass} ${name}=${value}`)
        if (decision.allow) assert.equal(decision.result[name], value)
      }
    }
  }
})

test('what is not the caller’s to choose may be named only with the value it gets anyway', () => {
  for (const keyClass of KEY_CLASSES) {
    for (const name of KEPT) {
      const value = made(keyClass)[name]
      assert.deepEqual(made(keyClass, { [name]: value }), made(keyClass))
      assert.equal(refused(keyClass, { [name]: !value }).code, 'attribute-refused')
    }
  }
})
