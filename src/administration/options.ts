/** The options of the program strongroom, as help and parser read them. */

import type { Option, Options } from '../cli/spec.ts'
import { HSM_TYPES, MODES } from '../contract/profiles.ts'
import { PUBLIC_OBJECTS } from '../contract/public-objects.ts'

const choices = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, ''])) as Readonly<Record<N, string>>

export const HOME = {
  value: 'DIR',
  help: 'Directory of the HSM',
  fallback: '$STRONGROOM_HOME or ~/.strongroom',
} as const satisfies Option

export const JSON_OUTPUT = { help: 'Print JSON' } as const satisfies Option

/** How an HSM reaches etcd. */
export const ETCD = {
  etcd: { value: 'URL,URL', help: 'Members of etcd, such as https://10.0.0.1:2379' },
  'etcd-ca': { value: 'FILE', help: 'Certificates of the CA of etcd' },
  'etcd-cert': { value: 'FILE', help: 'Client certificate for etcd' },
  'etcd-key': { value: 'FILE', help: 'Private key of the client certificate' },
  'etcd-user': { value: 'NAME', help: 'User of etcd' },
  'etcd-password-file': { value: 'FILE', help: 'File with the password of that user' },
} as const satisfies Options

export const START = {
  home: HOME,
  listen: {
    value: 'HOST:PORT',
    help: 'Address to serve on, port 0 for any free one. Remembered',
    fallback: '127.0.0.1:2223',
  },
  detach: { help: 'Serve in the background, and return when the HSM answers' },
  metrics: {
    value: 'HOST:PORT',
    help: 'Serve metrics for Prometheus there, without TLS; none for nowhere. Remembered',
    fallback: 'none',
  },
  pkcs11: {
    value: 'PATH',
    help: 'Socket for PKCS#11 programs; none, or default for run/pkcs11.sock in the home. Remembered',
    fallback: 'default',
  },
  log: {
    value: 'FILE',
    help: 'File for the log; default for standard output, or log/strongroom.log in the home with --detach. Remembered',
    fallback: 'default',
  },
  mode: {
    value: 'MODE',
    choices: choices(MODES),
    help: 'Mode to found the HSM in',
    fallback: 'non-fips',
  },
  'hsm-type': {
    value: 'TYPE',
    choices: choices(HSM_TYPES),
    help: 'Type of HSM to found, which sets its limits; hsm1.medium has the mode fips only',
    fallback: 'hsm2m.medium',
  },
  'public-objects': {
    value: 'WHAT',
    choices: choices(PUBLIC_OBJECTS),
    help: 'Objects that are visible before login. Remembered',
    fallback: 'certificates',
  },
  'accept-rollback': { help: 'Accept a store that may have lost its newest changes. Audited' },
  ...ETCD,
  'cluster-id': { value: 'ID', help: 'Cluster on etcd to join, or to found if etcd has none of that name' },
  'hsm-id': { value: 'ID', help: 'Name of this HSM in its cluster on etcd' },
  advertise: {
    value: 'HOST:PORT',
    help: 'How others reach this HSM of a cluster on etcd. Remembered',
    fallback: 'where it listens',
  },
  'key-use-fence': { help: 'Found a cluster on etcd that does not rely on the rate of clocks' },
} as const satisfies Options

const SOCKET = {
  value: 'PATH',
  help: 'Socket for PKCS#11 programs',
  fallback: 'run/pkcs11.sock in the home',
} as const satisfies Option

export const ENV = { home: HOME, socket: SOCKET } as const satisfies Options

export const AGENT = {
  home: HOME,
  config: { value: 'FILE', help: 'Client configuration', fallback: 'as for cloudhsm-cli' },
  'cluster-id': { value: 'ID', help: 'Which of several clusters in the client configuration' },
  socket: SOCKET,
} as const satisfies Options

/** The home of an HSM, or what an agent was started with. */
export const KEEP = {
  home: HOME,
  config: AGENT.config,
  'cluster-id': AGENT['cluster-id'],
} as const satisfies Options

const JOURNAL_OF = {
  home: HOME,
  hsm: { value: 'ID', help: 'HSM whose journal to read', fallback: 'the one that runs' },
  'key-use': { help: 'Read the key-use journal instead of the audit log' },
} as const satisfies Options

const SINCE = {
  value: 'TIME',
  help: 'Only entries from then on: a time (RFC 3339, 2026-11-28T14:00:00Z) or a duration (90s, 30m, 2h, 7d)',
} as const satisfies Option

const AFTER = {
  value: 'SEQUENCE',
  count: true,
  help: 'Only entries after the one with this number',
} as const satisfies Option

export const AUDIT = {
  ...JOURNAL_OF,
  hsm: { ...JOURNAL_OF.hsm, help: 'HSM whose journal to print; all for one timeline of the cluster' },
  since: SINCE,
  until: { value: 'TIME', help: 'Only entries up to then, given as for --since' },
  after: AFTER,
  user: { value: 'NAME', help: 'Only entries of this user or about this user' },
  key: { value: 'KEY', help: 'Only entries about this key: its reference, or a label that it has or had' },
  operation: { value: 'NAME', help: 'Only entries of this operation; key.* for all that begin so' },
  outcome: {
    value: 'CODE',
    help: 'Only entries with this outcome: ok, an error code, or refused for all errors',
  },
  follow: { help: 'Print new entries as they come' },
  format: {
    value: 'FORMAT',
    choices: { text: '', json: '', cloudhsm: '' },
    help: 'Lines of text, JSON Lines, or the records of CloudHSM',
    fallback: 'text',
  },
  json: { help: 'The same as --format json', conflicts: ['format'] },
} as const satisfies Options

export const AUDIT_VERIFY = {
  FILE: { value: 'FILE', positional: true, help: 'An export to verify, on a machine without an HSM too' },
  key: { value: 'FILE', help: 'Public key of the cluster, as audit key prints it; needed with FILE' },
  home: HOME,
  hsm: { value: 'ID', help: 'HSM whose journals to verify, or all', fallback: 'the one that runs' },
} as const satisfies Options

export const AUDIT_EXPORT = {
  ...JOURNAL_OF,
  since: { ...SINCE, help: `${SINCE.help}. The hour before is exported with it` },
  after: AFTER,
} as const satisfies Options

export const AUDIT_POLICY_SHOW = { home: HOME, json: JSON_OUTPUT } as const satisfies Options

export const AUDIT_POLICY_SET = {
  ...AUDIT_POLICY_SHOW,
  'key-use': {
    value: 'WHAT',
    choices: {
      off: 'record nothing',
      sampled: 'of uses that are alike, the first in each minute and the number of the others',
      all: 'record every use',
    },
    help: 'Uses of keys that are recorded, on every HSM',
  },
  'on-full': {
    value: 'WHAT',
    choices: {
      'drop-oldest': 'the oldest entries make room; a use never waits for its entry',
      refuse: 'a use whose entry is not on disk delivers no result',
    },
    help: 'What happens when the journal has its size, or the disk is full',
  },
  'max-size': {
    value: 'SIZE',
    help: 'Size of the journal on each HSM, from 1MiB on, such as 512MiB or 2GiB',
  },
  'max-age': { value: 'DURATION', help: 'Age at which entries are dropped, such as 90d; none to keep them' },
} as const satisfies Options

const BACKUP_FILE = { value: 'FILE', positional: true, required: true, help: 'The backup' } as const

export const BACKUP_CREATE = {
  home: HOME,
  to: { value: 'FILE', required: true, help: 'The new file, or - for standard output' },
  'passphrase-file': {
    value: 'FILE',
    help: 'File with a passphrase that opens the backup as the master key does; - to be asked, or for standard input',
  },
} as const satisfies Options

export const BACKUP_RESTORE = {
  FILE: BACKUP_FILE,
  home: HOME,
  'master-key-file': {
    value: 'FILE',
    group: 'opening',
    help: 'data/master.key of the HSM that the backup is of',
  },
  'passphrase-file': {
    value: 'FILE',
    group: 'opening',
    help: 'File with the passphrase of the backup; - to be asked, or for standard input',
  },
  'keep-id': { help: 'Keep the ID of the cluster, which must be gone for good' },
  ...ETCD,
} as const satisfies Options

export const BACKUP_INSPECT = { FILE: BACKUP_FILE, json: JSON_OUTPUT } as const satisfies Options

export const NODE_JOIN = {
  home: HOME,
  'secret-file': {
    value: 'FILE',
    required: true,
    help: 'File with the join token, - for standard input',
  },
  ...ETCD,
} as const satisfies Options
