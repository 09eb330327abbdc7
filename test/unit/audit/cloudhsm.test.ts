/** Records as AWS's user guide has them ("Interpreting HSM audit logs"), field by field, and what stands after them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudhsmRecord } from '../../../src/audit/cloudhsm.ts'
import { AUDITED_OPERATIONS } from '../../../src/contract/audited-operations.ts'
import type { AuditEntry } from '../../../src/model/audit.ts'

const entry = (changes: Partial<AuditEntry>): AuditEntry => ({
  ...{ version: 2, hsm: 'hsm-a', sequence: 43, previous: '', hash: '', at: 1_772_615_722_104 },
  ...{ actor: 'rosa', operation: 'session.login', outcome: 'ok', subjects: ['user/rosa'], source: 'local' },
  ...changes,
})
/** As public parsers read it: split at the first colon, trimmed; what is there first counts. */
function parsed(record: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of record.split('\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim()
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  return fields
}
const aws = (changes: Partial<AuditEntry>, lines: number) =>
  cloudhsmRecord(entry(changes)).split('\n').slice(0, lines)

test('a login has the fields of AWS, in their order and look', () => {
  assert.deepEqual(aws({ role: 'crypto-user' }, 10), [
    'Time: 03/04/26 09:15:22.104000, usecs:1772615722104000',
    'Sequence No : 0x2b',
    'Reboot counter : 0x1',
    'Command Type(hex) : CN_MGMT_CMD (0x0)',
    'Opcode : CN_LOGIN (0xd)',
    'Session Handle : 0x0',
    'Response : 0:HSM Return: SUCCESS',
    'Log type : MGMT_USER_DETAILS_LOG (2)',
    'User Name : rosa',
    'User Type : CN_CRYPTO_USER (1)',
  ])
})

test('logins that failed have the numbers of AWS', () => {
  const response = (changes: Partial<AuditEntry>) =>
    parsed(cloudhsmRecord(entry({ outcome: 'bad-credentials', ...changes }))).get('Response')
  assert.equal(response({}), "157:HSM Error: user isn't initialized or user with this name doesn't exist")
  assert.equal(response({ role: 'admin' }), '163:HSM Error: RET_USER_LOGIN_FAILURE')
  assert.equal(response({ outcome: 'not-owner' }), '198:HSM Error: Key Access is denied')
})

test('a pair has both handles in decimal, a deleted key one in the first field', () => {
  const pair = entry({
    operation: 'key.generate-pair',
    subjects: ['key/0x0000000000020006', 'key/0x0000000000020007'],
    session: '07014006',
    changes: [
      { of: ['key/0x0000000000020006'], what: 'class', to: 'public-key' },
      { of: ['key/0x0000000000020007'], what: 'class', to: 'private-key' },
    ],
  })
  const fields = parsed(cloudhsmRecord(pair))
  assert.deepEqual(
    ['Opcode', 'Session Handle', 'Log type', 'Priv/Secret Key Handle', 'Public Key Handle'].map((name) =>
      fields.get(name),
    ),
    ['CN_GENERATE_KEY_PAIR (0x19)', '0x07014006', 'MGMT_KEY_DETAILS_LOG (1)', '131079', '131078'],
  )
  const deleted = parsed(
    cloudhsmRecord(entry({ operation: 'key.delete', subjects: ['key/0x0000000000020006'] })),
  )
  assert.deepEqual(
    [deleted.get('Opcode'), deleted.get('Priv/Secret Key Handle'), deleted.get('Public Key Handle')],
    ['CN_TOMBSTONE_OBJECT (0x8003)', '131078', '0'],
  )
})

test('a share has no details of AWS, and ours after its fields', () => {
  const record = cloudhsmRecord(
    entry({ operation: 'key.unshare', actor: 'ines', subjects: ['user/bob', 'key/0x0000000000001001'] }),
  )
  assert.deepEqual(record.split('\n').slice(4, 12), [
    'Opcode : CN_SHARE_OBJECT (0x12)',
    'Session Handle : 0x0',
    'Response : 0:HSM Return: SUCCESS',
    'Log type : UNKNOWN_LOG_TYPE (5)',
    'Key Handle : 4097',
    'Shared With : bob',
    'Action : UNSHARE',
    'Actor : ines',
  ])
})

test('a new admin and a new crypto user have opcodes of their own', () => {
  const made = (role: string) =>
    parsed(
      cloudhsmRecord(
        entry({ operation: 'user.create', changes: [{ of: ['user/rosa'], what: 'role', to: role }] }),
      ),
    )
  assert.deepEqual(
    [made('admin').get('Opcode'), made('admin').get('User Type'), made('crypto-user').get('Opcode')],
    ['CN_CREATE_CO (0x4)', 'CN_CRYPTO_OFFICER (2)', 'CN_CREATE_USER (0x3)'],
  )
})

test('a key that was made of another one, and a key that was wrapped, have their own handle', () => {
  const [used, other] = ['key/0x0000000000020006', 'key/0x0000000000020007']
  const handle = (operation: string, changes: AuditEntry['changes']) =>
    parsed(cloudhsmRecord(entry({ operation, subjects: [used, other], changes }))).get(
      'Priv/Secret Key Handle',
    )
  const made = [{ of: [other], what: 'class', to: 'secret-key' }]
  for (const operation of ['key.unwrap', 'key.derive', 'key.copy']) {
    assert.equal(handle(operation, made), '131079', operation)
    assert.equal(handle(operation, undefined), '0', operation)
  }
  assert.equal(handle('key.wrap', undefined), '131079')
  assert.equal(handle('key.set-attribute', undefined), '131078')
})

test('a session that ends with its connection is no logout', () => {
  const [closed, ended] = ['session.close', 'session.logout'].map((operation) =>
    parsed(cloudhsmRecord(entry({ operation, subjects: [], role: 'admin' }))),
  )
  assert.deepEqual(
    [closed, ended].map((record) => ['Opcode', 'User Name', 'User Type'].map((name) => record?.get(name))),
    [
      ['CN_APP_FINALIZE (0x8007)', 'rosa', 'CN_CRYPTO_OFFICER (2)'],
      ['CN_LOGOUT (0xe)', 'rosa', 'CN_CRYPTO_OFFICER (2)'],
    ],
  )
})

test('the type of a user is that of the request, also when it was refused', () => {
  const fields = (operation: string, userRole: string) =>
    parsed(cloudhsmRecord(entry({ operation, userRole, outcome: 'user-exists' })))
  assert.equal(fields('user.create', 'admin').get('Opcode'), 'CN_CREATE_CO (0x4)')
  assert.equal(fields('user.change-password', 'admin').get('User Type'), 'CN_CRYPTO_OFFICER (2)')
  assert.equal(fields('user.delete', 'crypto-user').get('User Type'), 'CN_CRYPTO_USER (1)')
})

test('a label or a name cannot forge a line', () => {
  const label = 'x\nResponse : 0:HSM Return: SUCCESS\u2028'
  const record = cloudhsmRecord(
    entry({ outcome: 'not-owner', changes: [{ of: ['key/0x1'], what: 'label', to: label }], actor: label }),
  )
  assert.equal(record.match(/^Response/gm)?.length, 1)
})

const FIELDS = [
  ...['Time', 'Sequence No', 'Reboot counter', 'Command Type(hex)'],
  ...['Opcode', 'Session Handle', 'Response', 'Log type'],
]
/** What follows the type of a record, by that type. */
const DETAILS: Readonly<Record<string, readonly string[]>> = {
  'MINIMAL_LOG_ENTRY (0)': [],
  'MGMT_KEY_DETAILS_LOG (1)': ['Priv/Secret Key Handle', 'Public Key Handle'],
  'MGMT_USER_DETAILS_LOG (2)': ['User Name', 'User Type'],
  'UNKNOWN_LOG_TYPE (5)': ['Key Handle', 'Shared With', 'Action'],
}

test('every operation has a record: the fields of AWS, the details of its type, then who did it', () => {
  const met = new Set<string>()
  for (const operation of AUDITED_OPERATIONS) {
    const fields = parsed(cloudhsmRecord(entry({ operation })))
    assert.match(fields.get('Opcode') ?? '', /^(CN|SR)_[A-Z0-9_]+ \(0x[0-9a-f]+\)$/, operation)
    const type = fields.get('Log type') ?? ''
    met.add(type)
    const expected = [...FIELDS, ...(DETAILS[type] ?? assert.fail(type)), 'Actor']
    assert.deepEqual([...fields.keys()].slice(0, expected.length), expected, operation)
  }
  assert.deepEqual(met, new Set(Object.keys(DETAILS)))
})

test('what is not of AWS has a number of its own, and no two of the others have the same', () => {
  const names = new Map<string, string>()
  for (const operation of AUDITED_OPERATIONS) {
    const opcode = parsed(cloudhsmRecord(entry({ operation }))).get('Opcode') ?? ''
    const [name = '', number = ''] = opcode.split(' ')
    if (number === '(0x9000)') assert.equal(name, `SR_${operation.toUpperCase().replaceAll(/\W/g, '_')}`)
    else assert.equal(names.get(number) ?? name, name, `${operation} has ${number}`)
    names.set(number, name)
  }
})
