import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { append, verifyEntries } from '../../../src/audit/chain.ts'
import type { AuditEntry, AuditEvent } from '../../../src/model/audit.ts'
import type { AuditHeadRecord } from '../../../src/model/records.ts'

const event: fc.Arbitrary<AuditEvent> = fc.record(
  {
    at: fc.nat(),
    actor: fc.string(),
    operation: fc.string(),
    outcome: fc.string(),
    subjects: fc.array(fc.string(), { maxLength: 3 }),
    leftOut: fc.integer({ min: 1 }),
  },
  { requiredKeys: ['at', 'actor', 'operation', 'outcome', 'subjects'] },
)

function write(events: readonly AuditEvent[]): { entries: AuditEntry[]; head: AuditHeadRecord | undefined } {
  const entries: AuditEntry[] = []
  let head: AuditHeadRecord | undefined
  for (const one of events) {
    const next = append(head, 'hsm-a', one)
    entries.push(next.entry)
    head = next.head
  }
  return { entries, head }
}

test('a log verifies as it was written, whole and from any entry on', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (events) => {
      const { entries, head } = write(events)
      assert.equal(verifyEntries(entries), undefined)
      assert.deepEqual([head?.count, head?.hash], [entries.length, entries.at(-1)?.hash])
      for (const [at, entry] of entries.entries()) {
        assert.equal(verifyEntries(entries.slice(at), entry.previous), undefined)
      }
    }),
  )
})

test('an entry that was changed, left out or moved is found at its place', () => {
  const { entries } = write(
    Array.from({ length: 5 }, (_, at) => ({
      at,
      actor: 'a',
      operation: 'o',
      outcome: 'ok',
      subjects: ['x'],
      leftOut: 7,
    })),
  )
  const changed = (change: Partial<AuditEntry>) =>
    entries.map((entry, at) => (at === 2 ? { ...entry, ...change } : entry))
  for (const change of [
    { at: 9 },
    { actor: 'b' },
    { operation: 'p' },
    { outcome: 'no' },
    { subjects: [] },
    { hsm: 'hsm-b' },
    { leftOut: 6 },
    { leftOut: undefined },
  ]) {
    assert.deepEqual(verifyEntries(changed(change)), { sequence: 2, why: 'the entry was changed' })
  }
  assert.deepEqual(verifyEntries(entries.toSpliced(2, 1)), { sequence: 2, why: 'the entry is missing' })
  assert.equal(verifyEntries(entries.toSpliced(0, 1))?.sequence, 1)
  const swapped = [...entries.slice(0, 1), entries[2], entries[1], ...entries.slice(3)] as AuditEntry[]
  assert.equal(verifyEntries(swapped)?.sequence, 1)
})
