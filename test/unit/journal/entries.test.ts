import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalText } from '../../../src/audit/canonical.ts'
import { verifyEntries } from '../../../src/audit/chain.ts'
import { EMPTY, entryOf, follow } from '../../../src/journal/entries.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'

const event: fc.Arbitrary<AuditEvent> = fc.record(
  {
    at: fc.nat(),
    actor: fc.string({ unit: 'binary' }),
    operation: fc.string(),
    outcome: fc.string(),
    subjects: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
    role: fc.string(),
    session: fc.string(),
    source: fc.string(),
    mechanism: fc.string(),
    count: fc.nat(),
    lost: fc.nat(),
  },
  { requiredKeys: ['at', 'actor', 'operation', 'outcome', 'subjects'] },
)

test('the text of an entry is its canonical text, and what is read of it verifies', () => {
  fc.assert(
    fc.property(event, fc.string(), (one, hsm) => {
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
