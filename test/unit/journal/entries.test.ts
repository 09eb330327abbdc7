import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalText } from '../../../src/audit/canonical.ts'
import { verifyEntries } from '../../../src/audit/chain.ts'
import { EMPTY, entryOf, follow } from '../../../src/journal/entries.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'

/** Any UTF-16 code units, halves of surrogate pairs among them. */
const text = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
const number = fc.maxSafeNat()

/** All that the event of a use has: a member that is added to events is added here, too. */
const members: {
  readonly [Member in keyof Omit<
    AuditEvent,
    'changes' | 'changesLeftOut' | 'leftOut' | 'userRole'
  >]-?: fc.Arbitrary<NonNullable<AuditEvent[Member]>>
} = {
  ...{ at: number, actor: text, operation: text, outcome: text, subjects: fc.array(text, { maxLength: 3 }) },
  ...{ role: text, session: text, source: text, mechanism: text, count: number, lost: number },
}

const event: fc.Arbitrary<AuditEvent> = fc.record(members, {
  requiredKeys: ['at', 'actor', 'operation', 'outcome', 'subjects'],
})

test('the text of an entry is its canonical text, and what is read of it verifies', () => {
  fc.assert(
    fc.property(event, text, (one, hsm) => {
      const { text, tail } = follow(EMPTY, hsm, one)
      const entry = entryOf(text, EMPTY, hsm)
      assert.equal(text, canonicalText(entry, 'hash'))
      assert.equal(tail.hash, entry.hash)
      assert.equal(verifyEntries([entry]), undefined)
      const next = follow(tail, hsm, one)
      assert.equal(verifyEntries([entry, entryOf(next.text, tail, hsm)]), undefined)
    }),
  )
})
