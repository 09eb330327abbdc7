import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPERATIONS, type Operation, type OperationName } from '../../../src/contract/operations.ts'
import { RULES } from '../../../src/policy/key-rights/rules.ts'

/** Their rights are those of other operations. */
const ASKED_AS: Partial<Record<OperationName, string>> = {
  'key.share-many': 'key.share',
  'key.unshare-many': 'key.unshare',
  'key.delete-many': 'key.delete',
  'crypto.begin': 'crypto.sign',
  'crypto.update': 'crypto.sign',
  'crypto.finish': 'crypto.sign',
  // Names a key to whoever may use it.
  'key.export-reference': 'crypto.sign',
}

test('key describe, and with it the property behind guarantee G, has a rule for whatever is done with a key', () => {
  const asked = new Set<string>(Object.values(RULES).map(({ asks }) => asks))
  for (const [name, { keys = {}, several }] of Object.entries<Operation>(OPERATIONS)) {
    const done = [...Object.values(keys), several].some(
      (dealing) => dealing === 'use' || dealing === 'manage',
    )
    if (!done) continue
    const as = ASKED_AS[name as OperationName] ?? name
    assert.ok(asked.has(as), `${name} needs a row in RULES`)
  }
})
