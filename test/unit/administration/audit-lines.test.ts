import assert from 'node:assert/strict'
import { test } from 'node:test'
import { render } from '../../../src/administration/audit/lines.ts'
import type { AuditEntry } from '../../../src/model/audit.ts'

const entry: AuditEntry = {
  ...{ version: 2, hsm: 'hsm-a', sequence: 7, previous: '0', hash: '1', at: 1_772_615_722_104 },
  ...{ actor: 'ines', operation: 'key.set-attribute', outcome: 'ok', subjects: ['key/0x1'] },
  role: 'crypto-user',
  source: 'https 192.0.2.7',
  changes: [
    { of: ['key/0x1'], what: 'label', from: 'a', to: 'b' },
    { of: ['key/0x1'], what: 'shared-users', added: ['bob'], removed: ['carol'] },
  ],
  leftOut: 3,
}

test('a line of text says who, what, on what, with what change, and from where', () => {
  assert.equal(
    render(entry, 'text', false),
    '2026-03-04T09:15:22.104Z  7  ines  key.set-attribute  ok  key/0x1  label: a → b  shared-users: +bob -carol  from https 192.0.2.7  (and 3 before it)\n',
  )
  assert.ok(render(entry, 'text', true).startsWith('2026-03-04T09:15:22.104Z  hsm-a  7  '))
})

test('JSON is the entry, on one line', () => {
  assert.deepEqual(JSON.parse(render(entry, 'json', true)), entry)
})

test('a label cannot begin a line of its own in any format', () => {
  const label = '\n2026-03-04T09:15:22.104Z  8  root'
  const forged = { ...entry, changes: [{ of: ['key/0x1'], what: 'label', to: label }] }
  for (const format of ['text', 'json', 'cloudhsm'] as const) {
    assert.equal(render(forged, format, false).match(/^2026/gm)?.length ?? 0, format === 'text' ? 1 : 0)
  }
})

const labelled = (from: string, to: string): string =>
  render({ ...entry, changes: [{ of: ['key/0x1'], what: 'label', from, to }] }, 'text', false)

test('a label cannot pass for other columns, nor for another change', () => {
  const plain = ['a', 'a b', 'zahlen é', "it's", '--help', 'x: y']
  for (const to of plain) assert.ok(labelled('old', to).includes(`  label: old → ${to}  from https `), to)
  const quoted = [
    'a  from https 6.6.6.6',
    'a → b',
    '→',
    'a →',
    '→ a',
    ' a',
    'a ',
    '',
    ' ',
    '"a"',
    'a"',
    'a\u2003b',
    'a\u00a0\u00a0b',
  ]
  for (const to of quoted) {
    const [, shown = ''] = / {2}label: old → (.*) {2}from https 192/.exec(labelled('old', to)) ?? []
    assert.equal(JSON.parse(shown), to)
    assert.ok(labelled(to, 'new').includes(`  label: ${shown} → new  from https `), to)
  }
})

test('what was changed of some objects names them, what was changed of all does not', () => {
  const changes = [
    { of: ['key/0x1'], what: 'label', to: 'pub' },
    { of: ['key/0x2'], what: 'label', to: 'pay' },
    { of: ['key/0x1', 'key/0x2'], what: 'owner', to: 'ines' },
  ]
  const line = render({ ...entry, subjects: ['key/0x1', 'key/0x2'], changes }, 'text', false)
  assert.ok(line.includes('  key/0x1 label: pub  key/0x2 label: pay  owner: ines  from '), line)
})
