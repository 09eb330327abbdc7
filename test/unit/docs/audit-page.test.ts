/** docs/AUDIT.md names all that an entry can have. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cloudhsmRecord } from '../../../src/audit/cloudhsm.ts'
import { AUDITED_OPERATIONS } from '../../../src/contract/audited-operations.ts'
import { OPERATIONS } from '../../../src/contract/operations.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/AUDIT.md'), 'utf8')

test('every member of an entry, and every operation that is in no table', () => {
  const { entries } = OPERATIONS['audit.list'].reply.entries
  const members = Object.keys(entries.item.entries)
  const others = AUDITED_OPERATIONS.filter((operation) => !Object.hasOwn(OPERATIONS, operation))
  assert.ok(members.includes('userRole') && others.includes('session.close'))
  for (const name of [...members, ...others]) assert.ok(PAGE.includes(`\`${name}\``), name)
})

test('every number of an opcode that is ours', () => {
  const about = {
    version: 2,
    hsm: 'h',
    sequence: 0,
    previous: '',
    hash: '',
    at: 0,
    actor: 'a',
    outcome: 'ok',
  }
  for (const operation of AUDITED_OPERATIONS) {
    const record = cloudhsmRecord({ ...about, operation, subjects: [] })
    const [, name = '', number = ''] = /^Opcode : (\S+) \((0x[89]\d{3})\)$/m.exec(record) ?? []
    const named = number === '0x9000' ? 'SR_…' : `\`${name}\``
    assert.ok(PAGE.includes(named) && PAGE.includes(number), `${name} ${number}`)
  }
})
