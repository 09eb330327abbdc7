/** The release date, with which clocks are compared. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { notBeforeRelease, RELEASED } from '../../../src/base/version.ts'

test('the release date is not ahead of the clock, and not before that of any version in the changelog', () => {
  const changelog = readFileSync(join(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8')
  const dates = [...changelog.matchAll(/^## \[[\d.]+\] - (\d{4}-\d\d-\d\d)$/gm)].map(([, date = '']) =>
    Date.parse(date),
  )
  assert.ok(RELEASED <= Date.now())
  for (const date of dates)
    assert.ok(RELEASED >= date, `set RELEASED in src/base/version.ts to ${new Date(date)}`)
})

test('a clock that is behind the release counts as the release, any other as it is', () => {
  assert.equal(notBeforeRelease(0), RELEASED)
  assert.equal(notBeforeRelease(RELEASED + 1), RELEASED + 1)
})
