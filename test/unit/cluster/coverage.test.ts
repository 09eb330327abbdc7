import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCoverage } from '../../../src/cluster/coverage.ts'
import type { RecordKey } from '../../../src/model/records.ts'

test('a record is covered when every HSM is past its last change', () => {
  let everywhere = 4
  const coverage = createCoverage((revision) => revision <= everywhere)
  const covered = (key: RecordKey) => coverage.now()(key)
  const change = (key: RecordKey, revision: number) =>
    coverage.note([{ key, revision, before: undefined, after: undefined }])

  assert.equal(covered('key/old'), false, 'nothing is known at first')
  coverage.begin(5)
  coverage.begin(3)
  assert.equal(covered('key/old'), false)
  everywhere = 5
  assert.equal(covered('key/old'), true)

  change('key/new', 6)
  change('audit-head/hsm-a', 7)
  assert.deepEqual([covered('key/new'), covered('key/old')], [false, true])
  everywhere = 6
  change('key/newer', 8)
  assert.deepEqual([covered('key/new'), covered('key/newer')], [true, false])
  change('key/new', 9)
  everywhere = 8
  assert.deepEqual([covered('key/new'), covered('key/newer')], [false, true])
})
