/**
 * Entries of the management log as records of CloudHSM's audit log (AWS CloudHSM User Guide, "Interpreting HSM audit logs"): its fields
 * and their order first, for programs that read those, and then our own. See docs/AUDIT.md for the numbers that AWS has not published.
 */
import { oneLine } from '../contract/shown.ts'
import type { AuditEntry } from '../model/audit.ts'

type LogType = 'minimal' | 'key' | 'user' | 'share'

/** `CN_LOGIN (0xd)`, and which fields follow. */
type Opcode = { readonly name: string; readonly number: number; readonly type: LogType }

const opcode = (name: string, number: number, type: LogType): Opcode => ({ name, number, type })

/** Numbers from 0x8001 on are ours, where AWS has published the name alone; names with `SR_` are ours too. */
const OPCODES: Readonly<Record<string, Opcode>> = {
  'session.login': opcode('CN_LOGIN', 0xd, 'user'),
  'session.resume': opcode('CN_LOGIN', 0xd, 'user'),
  'session.logout': opcode('CN_LOGOUT', 0xe, 'user'),
  'session.close': opcode('CN_APP_FINALIZE', 0x8007, 'user'),
  'user.logout': opcode('SR_USER_LOGOUT', 0x9001, 'user'),
  'user.create': opcode('CN_CREATE_USER', 0x3, 'user'),
  'user.delete': opcode('CN_DELETE_USER', 0xa1, 'user'),
  'user.change-password': opcode('CN_CHANGE_PSWD', 0x9, 'user'),
  'cluster.activate': opcode('CN_CHANGE_PSWD', 0x9, 'user'),
  'key.generate-symmetric': opcode('CN_GENERATE_KEY', 0x17, 'key'),
  'key.generate-pair': opcode('CN_GENERATE_KEY_PAIR', 0x19, 'key'),
  'key.import': opcode('CN_CREATE_OBJECT', 0x8001, 'key'),
  'key.copy': opcode('CN_CREATE_OBJECT', 0x8001, 'key'),
  'certificate.create': opcode('CN_CREATE_OBJECT', 0x8001, 'key'),
  'key.set-attribute': opcode('CN_MODIFY_OBJECT', 0x8002, 'key'),
  'certificate.change': opcode('CN_MODIFY_OBJECT', 0x8002, 'key'),
  'key.delete': opcode('CN_TOMBSTONE_OBJECT', 0x8003, 'key'),
  'certificate.delete': opcode('CN_TOMBSTONE_OBJECT', 0x8003, 'key'),
  'key.share': opcode('CN_SHARE_OBJECT', 0x12, 'share'),
  'key.unshare': opcode('CN_SHARE_OBJECT', 0x12, 'share'),
  'key.wrap': opcode('CN_WRAP_KEY', 0x1a, 'key'),
  'key.unwrap': opcode('CN_UNWRAP_KEY', 0x1b, 'key'),
  'key.derive': opcode('CN_DERIVE_KEY', 0x8004, 'key'),
  'key.export-replica': opcode('CN_EXTRACT_MASKED_OBJECT_USER', 0xf0, 'key'),
  'key.import-replica': opcode('CN_INSERT_MASKED_OBJECT_USER', 0xf1, 'key'),
  'backup.begin': opcode('CN_BACKUP_BEGIN', 0x8005, 'minimal'),
  'backup.restore': opcode('CN_RESTORE_END', 0x8006, 'minimal'),
}

const CREATE_CO = opcode('CN_CREATE_CO', 0x4, 'user')
const DESTROY_OBJECT = opcode('CN_DESTROY_OBJECT', 0x11, 'key')
/** Of all that CloudHSM does not have. */
const OTHER_NUMBER = 0x9000

const LOG_TYPES: Readonly<Record<LogType, string>> = {
  minimal: 'MINIMAL_LOG_ENTRY (0)',
  key: 'MGMT_KEY_DETAILS_LOG (1)',
  user: 'MGMT_USER_DETAILS_LOG (2)',
  share: 'UNKNOWN_LOG_TYPE (5)',
}

const USER_TYPES: Readonly<Record<string, string>> = {
  'crypto-user': 'CN_CRYPTO_USER (1)',
  admin: 'CN_CRYPTO_OFFICER (2)',
  'unactivated-admin': 'CN_CRYPTO_PRE_OFFICER (6)',
  'internal(APPLIANCE_USER)': 'CN_APPLIANCE_USER (5)',
}

/** It is constant within a stream. */
const REBOOT_COUNTER = '0x1'

/** @returns the lines of one record, without the empty line that follows it */
export function cloudhsmRecord(entry: AuditEntry): string {
  const code = opcodeOf(entry)
  const aws = [
    ['Time', timeOf(entry.at)],
    ['Sequence No', hex(entry.sequence)],
    ['Reboot counter', REBOOT_COUNTER],
    ['Command Type(hex)', 'CN_MGMT_CMD (0x0)'],
    ['Opcode', `${code.name} (${hex(code.number)})`],
    ['Session Handle', entry.session === undefined ? '0x0' : `0x${entry.session}`],
    ['Response', responseOf(entry)],
    ['Log type', LOG_TYPES[code.type]],
    ...detailsOf(entry, code.type),
  ]
  return [...aws, ...ownFields(entry, code.type)]
    .map(([name = '', value = '']) => line(name, value))
    .join('\n')
}

/** AWS has no space before the first colon of the time. */
const line = (name: string, value: string): string =>
  `${name}${name === 'Time' ? '' : ' '}: ${oneLine(value)}`

function opcodeOf(entry: AuditEntry): Opcode {
  const { operation, subjects } = entry
  if (operation === 'user.create' && userRoleOf(entry) === 'admin') return CREATE_CO
  const [key = ''] = handlesIn(subjects)
  if (operation === 'key.delete' && key.startsWith(SESSION_KEY)) return DESTROY_OBJECT
  const ours = `SR_${operation.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
  return OPCODES[operation] ?? opcode(ours, OTHER_NUMBER, 'minimal')
}

const SESSION_KEY = '0x000040'

const handlesIn = (subjects: readonly string[]): readonly string[] =>
  subjects.flatMap((subject) => /^(?:key|certificate)\/(0x[0-9a-f]{1,16})$/.exec(subject)?.[1] ?? [])

const hex = (number: number): string => `0x${number.toString(16)}`

/** `MM/DD/YY HH:MM:SS.ffffff, usecs:…`, UTC. */
function timeOf(at: number): string {
  const [date = '', time = ''] = new Date(at).toISOString().split('T')
  const [year = '', month, day] = date.split('-')
  return `${month}/${day}/${year.slice(-2)} ${time.slice(0, -1)}000, usecs:${at * 1000}`
}

/** The numbers that are known of CloudHSM; 1 and our own code for what it does not have. */
const RESPONSES: Readonly<Record<string, string>> = {
  'user-not-found': "206:HSM Error: This user doesn't exist",
  busy: '187:HSM Error: busy',
  'not-owner': '198:HSM Error: Key Access is denied',
  'not-permitted': '219:HSM Error: Invalid User Type.',
}

function responseOf({ outcome, role }: AuditEntry): string {
  if (outcome === 'ok') return '0:HSM Return: SUCCESS'
  if (outcome === 'bad-credentials') {
    return role === undefined
      ? "157:HSM Error: user isn't initialized or user with this name doesn't exist"
      : '163:HSM Error: RET_USER_LOGIN_FAILURE'
  }
  return RESPONSES[outcome] ?? `1:HSM Error: ${outcome}`
}

type Field = readonly [name: string, value: string]

function detailsOf(entry: AuditEntry, type: LogType): readonly Field[] {
  if (type === 'user') {
    return [
      ['User Name', userOf(entry)],
      ['User Type', userTypeOf(entry)],
    ]
  }
  if (type !== 'key') return []
  const [priv, pub] = pairOf(entry)
  return [
    ['Priv/Secret Key Handle', priv],
    ['Public Key Handle', pub],
  ]
}

const userOf = ({ actor, subjects, operation }: AuditEntry): string =>
  subjects.find((subject) => subject.startsWith('user/'))?.slice('user/'.length) ??
  (operation === 'cluster.activate' ? 'admin' : actor)

/** Of a login that failed without a user of that name nothing is known. */
const userTypeOf = (entry: AuditEntry): string =>
  USER_TYPES[userRoleOf(entry) ?? 'crypto-user'] ?? 'CN_CRYPTO_USER (1)'

/** Of the user that it is about; of sessions that is who has asked. Entries of earlier versions say it only when it changed. */
function userRoleOf({ operation, role, userRole, changes = [] }: AuditEntry): string | undefined {
  if (operation === 'cluster.activate') return 'unactivated-admin'
  if (operation.startsWith('session.')) return role
  const changed = changes.find(({ what }) => what === 'role')
  const known = userRole ?? changed?.from ?? changed?.to
  return known === undefined ? undefined : String(known)
}

/** Operations that make a key of another one. */
const MAKING: ReadonlySet<string> = new Set(['key.copy', 'key.derive', 'key.unwrap'])

/**
 * Of a pair, the private key first; of anything else, the handle stands first, also of a public key. It is that of the key that was
 * made, and of a key that was wrapped.
 */
function pairOf({ operation, subjects, changes = [] }: AuditEntry): readonly [string, string] {
  const handles = handlesIn(subjects)
  const made = (is: (keyClass: unknown) => boolean): string | undefined =>
    changes
      .filter(({ what, from, to }) => what === 'class' && from === undefined && is(to))
      .flatMap(({ of }) => handlesIn(of))[0]
  switch (operation) {
    case 'key.generate-pair':
      return [handle(made((is) => is !== 'public-key')), handle(made((is) => is === 'public-key'))]
    case 'key.wrap':
      return [handle(handles.at(-1)), '0']
    default:
      return [handle(MAKING.has(operation) ? made(() => true) : handles[0]), '0']
  }
}

const handle = (reference: string | undefined): string =>
  reference === undefined ? '0' : BigInt(reference).toString()

/** After AWS's fields, where parsers that split at the first colon do not look for them. */
function ownFields(entry: AuditEntry, type: LogType): readonly Field[] {
  const { actor, role, source, operation, outcome, subjects, mechanism, changes = [], leftOut } = entry
  const handles = handlesIn(subjects).map(handle).join(', ')
  const users = subjects.flatMap((subject) => (subject.startsWith('user/') ? subject.slice(5) : []))
  return [
    ...(type === 'share'
      ? ([
          ['Key Handle', handles],
          ['Shared With', users.join(', ')],
          ['Action', operation === 'key.share' ? 'SHARE' : 'UNSHARE'],
        ] as const)
      : []),
    ['Actor', actor],
    ...optionalField('Actor Role', role),
    ...optionalField('Source', source),
    ['Operation', operation],
    ['Outcome', outcome],
    ...optionalField('Mechanism', mechanism),
    ...optionalField('Subjects', subjects.length > 0 ? subjects.join(', ') : undefined),
    ...changes.map((change) => ['Changed', JSON.stringify(change)] as const),
    ...optionalField('Left Out', leftOut?.toString()),
  ]
}

const optionalField = (name: string, value: string | undefined): readonly Field[] =>
  value === undefined ? [] : [[name, value]]
