import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditOptions, auditPolicyChanges, futureNote } from '../../../src/administration/audit/options.ts'
import { DURATIONS, inUnits, quantity, SIZES } from '../../../src/administration/audit/quantities.ts'
import { operationProblem } from '../../../src/administration/audit/unknown-names.ts'
import { AUDITED_OPERATIONS } from '../../../src/contract/audited-operations.ts'
import { ERRORS } from '../../../src/contract/errors.ts'
import { fails } from '../../support/errors.ts'

const NOW = Date.parse('2026-11-28T14:00:00Z')
const only = (options: object) => auditOptions({ home: undefined, ...options } as never, NOW).only

test('a time is a day that there is, or a duration before now', () => {
  const times = {
    '2h': NOW - 7_200_000,
    '2026-11-28T14:00:00Z': NOW,
    '2026-11-28T15:00:00.5+01:00': NOW + 500,
    '2028-02-29T00:00:00Z': Date.UTC(2028, 1, 29),
  }
  for (const [text, at] of Object.entries(times)) assert.equal(only({ since: text }).since, at, text)
  const wrong = [
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-28',
    '2h ago',
    '-2h',
  ]
  for (const text of wrong)
    assert.throws(() => only({ until: text }), fails('invalid-request', /^--until must be a time/), text)
})

test('no time reaches back before 1970, and no end is before the beginning', () => {
  const days = Math.floor(NOW / 86_400_000)
  assert.equal(only({ since: `${days}d` }).since, NOW % 86_400_000)
  for (const since of [`${days + 1}d`, '9999999999d', `${'9'.repeat(400)}s`])
    assert.throws(() => only({ since }), fails('invalid-request', /^--since .* before 1970/), since)
  assert.equal(only({ since: '1h', until: '1h' }).until, NOW - 3_600_000)
  assert.throws(
    () => only({ since: '1h', until: '2h' }),
    fails('invalid-request', /^--until must not be before --since/),
  )
})

test('a beginning in the future is noted, and no other', () => {
  for (const since of [undefined, 0, NOW]) assert.equal(futureNote(since, NOW), '')
  assert.match(futureNote(NOW + 1, NOW), /^strongroom: --since is in the future: 2026-11-28T14:00:00.001Z\n$/)
})

test('an operation that no entry can have is refused, and what may have been meant is said', () => {
  for (const operation of [undefined, ...AUDITED_OPERATIONS, 'key.*', 'key.share*', '*'])
    assert.equal(operationProblem({ operation }), undefined)
  const refused = { 'key.shrae': '; did you mean key.share?', nosuch: '', 'kex.*': '', 'session.renew': '' }
  for (const [operation, meant] of Object.entries(refused)) {
    const problem = operationProblem({ operation }) ?? ''
    assert.ok(problem.startsWith('--operation must be one') && problem.includes(meant), problem)
  }
})

test('a size and an age that no journal can have are refused, naming the option', () => {
  const set = (options: object) =>
    auditPolicyChanges({ home: undefined, json: undefined, ...options } as never)
  assert.deepEqual(set({ 'max-size': '1MiB', 'max-age': '60s' }), {
    'max-bytes': 1024 ** 2,
    'max-age-seconds': 60,
  })
  assert.deepEqual(set({ 'max-size': '1TiB', 'max-age': '36600d' }), {
    'max-bytes': 1024 ** 4,
    'max-age-seconds': 36_600 * 86_400,
  })
  for (const text of ['1023KiB', '0MiB', '1025GiB', '99999999999MiB'])
    assert.throws(
      () => set({ 'max-size': text }),
      fails('invalid-request', /^--max-size must be from 1MiB to 1TiB, and is /),
      text,
    )
  for (const text of ['0s', '59s', '36601d', '99999999999d'])
    assert.throws(
      () => set({ 'max-age': text }),
      fails('invalid-request', /^--max-age must be from 60s to 36600d, or none, and is /),
      text,
    )
  for (const text of ['', '1', 'MiB', '1 MiB', '1MB', '-1MiB', '1.5GiB', '1toString'])
    assert.throws(
      () => set({ 'max-size': text }),
      fails('invalid-request', /^--max-size must be a size/),
      text,
    )
})

test('an amount is written in the largest unit of which it is a whole number, and read again', () => {
  const written = { '90d': 7_776_000, '25h': 90_000, '61s': 61, '1m': 60 }
  for (const [text, seconds] of Object.entries(written)) {
    assert.equal(inUnits(DURATIONS, seconds), text)
    assert.equal(quantity(DURATIONS, text), seconds)
  }
  assert.equal(inUnits(SIZES, 2 * 1024 ** 3), '2GiB')
  assert.equal(inUnits(SIZES, 1024 ** 3 + 1024 ** 2), '1025MiB')
  assert.equal(inUnits(SIZES, 1024 ** 2 + 1), undefined)
})

test('an outcome that no entry can have is refused', () => {
  for (const outcome of ['ok', 'refused', ...Object.keys(ERRORS)])
    assert.equal(only({ outcome }).outcome, outcome)
  for (const outcome of ['refsued', 'REFUSED', 'toString', 'not-permited'])
    assert.throws(
      () => only({ outcome }),
      fails('invalid-request', /^--outcome must be ok, refused, or/),
      outcome,
    )
})
