import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  FLAG_NAMES,
  type FlagName,
  KEY_CLASSES,
  parseAttributeValue,
} from '../../../src/contract/attributes.ts'
import { fromHex } from '../../../src/model/octets.ts'
import { setAttribute, setFlag } from '../../../src/policy/attribute-rules.ts'
import { fails } from '../../support/errors.ts'
import { aKey, anActor, OWNER, SHARED, STRANGER } from '../../support/records.ts'

/**
 * The reference's table of what `set-attribute` may do to a flag, written down a second time: the directions its owner
 * may turn it in, and the classes of key for which it can never become true.
 */
const TABLE: Readonly<Record<FlagName, { to: readonly boolean[]; never?: string }>> = {
  encrypt: { to: [true, false] },
  decrypt: { to: [true, false] },
  sign: { to: [true, false] },
  verify: { to: [true, false] },
  wrap: { to: [true, false], never: 'private-key' },
  unwrap: { to: [true, false], never: 'public-key' },
  derive: { to: [true, false], never: 'public-key' },
  destroyable: { to: [true, false] },
  token: { to: [true] },
  modifiable: { to: [false] },
  extractable: { to: [false] },
  'wrap-with-trusted': { to: [true] },
  trusted: { to: [] },
  private: { to: [] },
  sensitive: { to: [] },
  local: { to: [] },
  'always-sensitive': { to: [] },
  'never-extractable': { to: [] },
}

const owner = anActor(OWNER)
const admin = anActor('u-admin', 'admin')

suite('set-attribute of a flag', () => {
  for (const name of FLAG_NAMES) {
    for (const keyClass of KEY_CLASSES) {
      for (const value of [true, false]) {
        const { to, never } = TABLE[name]
        const allowed = to.includes(value) && !(value && never === keyClass)
        test(`owner, ${keyClass}, ${name} ${!value} → ${value}: ${allowed ? 'set' : 'refused'}`, () => {
          const key = aKey({
            keyClass,
            flags: { [name]: !value, ...(name !== 'modifiable' && { modifiable: true }) },
          })
          const decision = setAttribute(owner, key, name, value)
          if (name === 'modifiable' && value) return assert.equal(decision.allow, false)
          assert.equal(decision.allow, allowed)
          if (decision.allow)
            return assert.deepEqual(decision.result, { ...key, flags: { ...key.flags, [name]: value } })
          assert.equal(decision.code, 'attribute-refused')
          assert.equal(
            decision.why,
            `Attribute ${name} cannot be set to the value ${value} by the user for this operation`,
          )
        })
      }
    }
    test(`${name} turns in these directions whoever may change the key, or copies it`, () => {
      const directions = name === 'trusted' ? [true, false] : TABLE[name].to
      for (const value of [true, false]) {
        const decision = setFlag(aKey({ keyClass: 'secret-key', flags: { [name]: !value } }), name, value)
        assert.equal(decision.allow, directions.includes(value))
      }
    })
    test(`nobody but the owner sets ${name}`, () => {
      for (const id of [SHARED, STRANGER]) {
        const decision = setAttribute(anActor(id), aKey(), name, true)
        assert.equal(!decision.allow && decision.code, 'not-owner')
      }
    })
    test(`an admin ${name === 'trusted' ? 'sets' : 'does not set'} ${name}`, () => {
      for (const value of [true, false]) {
        const key = aKey({ flags: { [name]: !value, modifiable: false } })
        assert.equal(setAttribute(admin, key, name, value).allow, name === 'trusted')
      }
    })
    test(`${name} may be set to what it is`, () => {
      for (const value of [true, false]) {
        if (name === 'modifiable' && !value) continue
        const key = aKey({ flags: { [name]: value } })
        assert.deepEqual(setAttribute(owner, key, name, value), { allow: true, result: key, writes: [] })
      }
    })
  }
})

test('a key that is not modifiable is frozen for its owner', () => {
  const key = aKey({ flags: { modifiable: false } })
  for (const [name, value] of [
    ['label', 'new'],
    ['sign', true],
    ['modifiable', true],
    ['extractable', false],
  ] as const) {
    const decision = setAttribute(owner, key, name, value)
    assert.equal(!decision.allow && decision.code, 'not-modifiable')
  }
})

test('label and id are set in their normal form, and bad ones refused by name', () => {
  const labelled = setAttribute(owner, aKey(), 'label', 'payroll: 2026')
  assert.equal(labelled.allow && labelled.result.label, 'payroll: 2026')
  const identified = setAttribute(owner, aKey(), 'id', '0x2F01')
  assert.equal(identified.allow && identified.result.idAttribute, '0x2f01')
  assert.throws(() => setAttribute(owner, aKey(), 'label', 'x'.repeat(128)), /label must be at most 127/)
  assert.throws(() => setAttribute(owner, aKey(), 'label', 'a\u0000b'), /label must not contain control/)
  assert.throws(() => setAttribute(owner, aKey(), 'id', '2f0'), /id must be bytes in hex/)
})

/** Of every attribute that follows from the key the value in place, in other letters where it has any, and another one. */
const COMPUTED = [
  ['key-type', 'RSA', 'ec'],
  ['class', 'PRIVATE-key', 'secret-key'],
  ['check-value', '0xABCDEF', '0x000000'],
  ['key-length-bytes', '1218', '1219'],
  ['public-exponent', '0x010001', '0x03'],
  ['modulus', '0xC0', '0xc1'],
  ['modulus-size-bits', '2048', '4096'],
  ['ec-point', '0x0401AA', '0x0401ab'],
  ['curve', 'secp256r1', 'secp384r1'],
  ['mldsa-algorithm', 'ML-DSA-65', 'ML-DSA-44'],
] as const

suite('set-attribute of what follows from the key', () => {
  const key = aKey({
    checkValue: '0xabcdef',
    rsa: { publicExponent: '0x010001', modulus: fromHex('0xc0'), modulusSizeBits: 2048 },
    ec: { ecPoint: fromHex('0x0401aa'), curve: 'secp256r1' },
    mlDsa: { algorithm: 'ML-DSA-65' },
  })
  for (const [name, inPlace, other] of COMPUTED) {
    test(`${name}: may be set to what it is, and to nothing else`, () => {
      assert.deepEqual(setAttribute(owner, key, name, inPlace), { allow: true, result: key, writes: [] })
      for (const value of [other, '', true]) {
        const decision = setAttribute(owner, key, name, value)
        assert.equal(
          !decision.allow && decision.why,
          `Attribute ${name} cannot be set to the value ${value} by the user for this operation`,
        )
      }
    })
  }

  test('an attribute that the key does not have', () => {
    for (const value of ['secp256r1', 'undefined', '']) {
      const decision = setAttribute(owner, aKey(), 'curve', value)
      assert.equal(!decision.allow && decision.code, 'attribute-refused')
    }
  })

  test('unknown attributes have no rule', () => {
    for (const name of ['nope', '__proto__', 'toString', '']) {
      const decision = setAttribute(owner, aKey(), name, true)
      assert.equal(!decision.allow && decision.code, 'invalid-attribute', name)
    }
  })
})

suite('set-attribute of anything but a flag, by others than the owner', () => {
  const values = {
    label: 'x',
    id: '0x01',
    'wrap-template': { encrypt: true },
    'unwrap-template': {},
    class: 'x',
  }
  for (const [name, value] of Object.entries(values)) {
    test(name, () => {
      for (const keyClass of KEY_CLASSES) {
        for (const id of [SHARED, STRANGER]) {
          const decision = setAttribute(anActor(id), aKey({ keyClass }), name, value)
          assert.equal(!decision.allow && decision.code, 'not-owner')
        }
        for (const id of ['u-admin', OWNER]) {
          const decision = setAttribute(anActor(id, 'admin'), aKey({ keyClass }), name, value)
          assert.equal(!decision.allow && decision.code, 'attribute-refused')
        }
        const frozen = setAttribute(owner, aKey({ keyClass, flags: { modifiable: false } }), name, value)
        assert.equal(!frozen.allow && frozen.code, 'not-modifiable')
      }
    })
  }
})

test('a value of the wrong kind is an invalid attribute', () => {
  for (const [name, value] of [
    ['sign', 'yes'],
    ['label', true],
    ['unwrap-template', true],
  ] as const) {
    const decision = setAttribute(owner, aKey(), name, value)
    assert.equal(!decision.allow && decision.code, 'invalid-attribute', name)
  }
})

test('a template lists flags, each once', () => {
  const words =
    (...given: string[]) =>
    () =>
      parseAttributeValue('unwrap-template', given)
  assert.deepEqual(words('sign=TRUE', 'extractable=false')(), { sign: true, extractable: false })
  assert.deepEqual(words()(), {})
  assert.throws(
    words('id=0x01'),
    fails('invalid-attribute', 'Invalid attribute: id cannot be part of a template'),
  )
  assert.throws(words('sign=true', 'sign=true'), fails('invalid-attribute', /sign is given twice/))
  assert.throws(words('sign=1'), fails('invalid-attribute', /sign=1 must be true or false/))
  assert.throws(words('colour=true'), fails('invalid-attribute', /colour is unknown/))
})

test('templates are kept as given', () => {
  const decision = setAttribute(owner, aKey(), 'unwrap-template', { sign: true, extractable: false })
  assert.deepEqual(decision.allow && decision.result.unwrapTemplate, { sign: true, extractable: false })
})
