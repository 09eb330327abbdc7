import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG_NAMES, KEY_CLASSES } from '../../../src/contract/attributes.ts'
import { recordReader } from '../../../src/model/formats.ts'
import { attributesOf } from '../../../src/model/key-attributes.ts'
import { newKeyFlags } from '../../../src/policy/new-key-flags.ts'
import { aKey } from '../../support/records.ts'

/** As it is read from a store in which whoever wrote it had its flags in another order. */
const reordered = () => {
  const { flags, ...key } = aKey()
  return recordReader('key')({
    ...key,
    material: '',
    flags: Object.fromEntries(Object.entries(flags).toReversed()),
  })
}

test('attributes are in the order in which they are printed', () => {
  const mlDsa = attributesOf({ ...aKey({ checkValue: '0x01' }), mlDsa: { algorithm: 'ML-DSA-44' } })
  const flags: readonly string[] = FLAG_NAMES
  const [before, after] = [
    flags.slice(0, flags.indexOf('sensitive')),
    flags.slice(flags.indexOf('sensitive')),
  ]
  assert.deepEqual(Object.keys(mlDsa), [
    ...['key-type', 'label', 'id', 'check-value', 'class'],
    ...[...before, 'mldsa-algorithm', ...after],
    'key-length-bytes',
  ])
})

test('the flags of a record are in that order, of a new key and of one that is read', () => {
  for (const keyClass of KEY_CLASSES) {
    const made = newKeyFlags(keyClass, { 'wrap-with-trusted': false, token: true, decrypt: false }, false)
    assert.ok(made.allow)
    assert.deepEqual(Object.keys(made.result), FLAG_NAMES)
  }
  assert.deepEqual(Object.keys(reordered().flags), FLAG_NAMES)
})
