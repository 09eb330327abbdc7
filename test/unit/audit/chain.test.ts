import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { append, verifyEntries } from '../../../src/audit/chain.ts'
import type { AuditEntry, AuditEvent } from '../../../src/model/audit.ts'
import { FORMAT } from '../../../src/model/formats.ts'
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

function write(
  events: readonly AuditEvent[],
  format = FORMAT,
): { entries: AuditEntry[]; head: AuditHeadRecord | undefined } {
  const entries: AuditEntry[] = []
  let head: AuditHeadRecord | undefined
  for (const one of events) {
    const next = append(head, 'hsm-a', one, format)
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

for (const format of [1, FORMAT]) {
  test(`an entry of format ${format} that was changed, left out or moved is found at its place`, () =>
    changes(format))
}

test('the hash is over members that a later version has added, too, and over the version', () => {
  const { entries } = write([{ at: 1, actor: 'a', operation: 'o', outcome: 'ok', subjects: [] }])
  const why = { sequence: 0, why: 'the entry was changed' }
  for (const change of [{ later: 1 }, { version: FORMAT + 1 }, { version: undefined }]) {
    assert.deepEqual(verifyEntries([{ ...(entries[0] as AuditEntry), ...change }]), why)
  }
})

test('a log goes on when the format of the cluster is raised', () => {
  const event = { at: 1, actor: 'a', operation: 'o', outcome: 'ok', subjects: [] }
  const first = append(undefined, 'hsm-a', event, 1)
  const second = append(first.head, 'hsm-a', event, FORMAT)
  assert.deepEqual([first.entry.version, second.entry.version], [undefined, FORMAT])
  assert.equal(verifyEntries([first.entry, second.entry]), undefined)
})

test('the number of refusals that were left out is a subject where the format has no member for it', () => {
  const event = { at: 1, actor: 'a', operation: 'o', outcome: 'no', subjects: ['x'], leftOut: 7 }
  const { entry } = append(undefined, 'hsm-a', event, 1)
  assert.deepEqual([entry.subjects, 'leftOut' in entry], [['x', 'left-out/7'], false])
  assert.equal(append(undefined, 'hsm-a', event, FORMAT).entry.leftOut, 7)
})

test('what a later version has added to the head stays there', () => {
  const event = { at: 1, actor: 'a', operation: 'o', outcome: 'ok', subjects: [] }
  const { head } = append(undefined, 'hsm-a', event, FORMAT)
  const next = append({ ...head, later: 1 } as AuditHeadRecord, 'hsm-a', event, FORMAT)
  assert.deepEqual(
    Object.entries(next.head).find(([name]) => name === 'later'),
    ['later', 1],
  )
})

function changes(format: number) {
  const { entries } = write(
    Array.from({ length: 5 }, (_, at) => ({
      at,
      actor: 'a',
      operation: 'o',
      outcome: 'ok',
      subjects: ['x'],
      leftOut: 7,
    })),
    format,
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
    ...(format === 1 ? [] : [{ leftOut: undefined }]),
  ]) {
    assert.deepEqual(verifyEntries(changed(change)), { sequence: 2, why: 'the entry was changed' })
  }
  assert.deepEqual(verifyEntries(entries.toSpliced(2, 1)), { sequence: 2, why: 'the entry is missing' })
  assert.equal(verifyEntries(entries.toSpliced(0, 1))?.sequence, 1)
  const swapped = [...entries.slice(0, 1), entries[2], entries[1], ...entries.slice(3)] as AuditEntry[]
  assert.equal(verifyEntries(swapped)?.sequence, 1)
}
