import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuditFilter, matching } from '../../../src/audit/filter.ts'
import type { AuditEntry } from '../../../src/model/audit.ts'

const KEY = '0x0000000000000001'

const entry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ version: 2, hsm: 'h', sequence: 0, previous: '', hash: '' },
  ...{
    at: 1000,
    actor: 'alice',
    operation: 'key.share',
    outcome: 'ok',
    subjects: ['user/bob', `key/${KEY}`],
  },
  ...changes,
})
const fits = (filter: AuditFilter, one: AuditEntry) =>
  matching(filter, (label) => (label === 'pay' ? [KEY] : []))(one)

const CASES: readonly (readonly [AuditFilter, Partial<AuditEntry>, boolean])[] = [
  [{}, {}, true],
  [{ since: 1000 }, {}, true],
  [{ since: 1001 }, {}, false],
  [{ until: 1000 }, {}, true],
  [{ until: 999 }, {}, false],
  [{ user: 'alice' }, {}, true],
  [{ user: 'bob' }, {}, true],
  [{ user: 'carol' }, {}, false],
  [{ user: 'carol' }, { changes: [{ of: [`key/${KEY}`], what: 'shared-users', removed: ['carol'] }] }, true],
  [{ key: KEY }, {}, true],
  [{ key: '0x1' }, {}, true],
  [{ key: '0X01' }, {}, true],
  [{ key: '1' }, {}, true],
  [{ key: '0x2' }, {}, false],
  [{ key: 'pay' }, {}, true],
  [{ key: 'pay' }, { subjects: [] }, false],
  [{ key: 'old' }, { changes: [{ of: [`key/${KEY}`], what: 'label', from: 'old', to: 'new' }] }, true],
  [{ key: 'old' }, { changes: [{ of: [`key/${KEY}`], what: 'id', from: 'old' }] }, false],
  [{ operation: 'key.share' }, {}, true],
  [{ operation: 'key.*' }, {}, true],
  [{ operation: 'key' }, {}, false],
  [{ outcome: 'ok' }, {}, true],
  [{ outcome: 'refused' }, {}, false],
  [{ outcome: 'refused' }, { outcome: 'not-owner' }, true],
  [{ outcome: 'not-owner' }, { outcome: 'not-owner' }, true],
  [{ user: 'alice', outcome: 'busy' }, {}, false],
]

test('an entry is wanted if and only if it fits all that is asked for', () => {
  for (const [filter, changes, expected] of CASES) {
    assert.equal(fits(filter, entry(changes)), expected, JSON.stringify([filter, changes]))
  }
})
