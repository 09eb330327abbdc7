import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditOptions } from '../../../src/administration/audit/options.ts'
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
