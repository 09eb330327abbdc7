/** The command lines of configure-cli and configure-pkcs11, as data for the parser and the help of the CLI. */

import { LOG_LEVELS, LOG_ROTATIONS, LOG_TYPES, RETRY_MODES } from '../../client-config/document.ts'
import type { Component } from '../../client-config/locate.ts'
import {
  type Args,
  choices,
  type Leaf,
  type ModeSwitch,
  type OpenGroup,
  type Option,
  type Options,
  type Path,
  type Root,
} from '../spec.ts'

const file = (help: string) => ({ value: 'FILE', help }) as const satisfies Option

const oneOf = <const W extends string>(words: readonly W[], value: string, help: string) =>
  ({ value, help, choices: choices(words) }) as const

const config = {
  value: 'CONFIG',
  help: 'Configuration file to edit. If not provided, the one that is used from here',
} as const satisfies Option

const addresses = {
  short: 'a',
  value: 'ADDRESS',
  many: true,
  maybeNone: true,
  mayBeEmpty: true,
  help: 'Addresses of the HSMs: host name, IPv4 or IPv6 address, each with :PORT unless it is 2223',
} as const satisfies Option

const clusterId = (help: string) => ({ value: 'CLUSTER_ID', help }) as const satisfies Option

const certificates = {
  'hsm-ca-cert': file(
    'CA certificate of the cluster [default: customerCA.crt beside the configuration file]',
  ),
  'client-cert-hsm-tls-file': file('Client certificate for mutual TLS, with its chain'),
  'client-key-hsm-tls-file': file('Private key of the client certificate'),
} as const satisfies Options

const CLUSTER = {
  addresses,
  'cluster-id': clusterId('Which cluster of the configuration to edit, or the id of the first one'),
  ...certificates,
  'enable-key-availability-check': { help: 'Use token keys only when they are on at least 2 HSMs' },
  'disable-key-availability-check': { help: 'Use token keys that are on one HSM as well' },
  'enable-ecdsa-with-weak-hash-function': {
    help: 'In FIPS mode, let hash functions of ECDSA be weaker than the key',
  },
  'disable-ecdsa-with-weak-hash-function': { help: 'In FIPS mode, refuse them' },
} as const satisfies Options

const LOGGING = {
  'log-type': oneOf(LOG_TYPES, 'LOG_TYPE', 'Where the log goes'),
  'log-file': file('File the log goes to'),
  'log-level': oneOf(LOG_LEVELS, 'LOG_LEVEL', 'What is logged, with all that is more severe'),
  'log-rotation': oneOf(LOG_ROTATIONS, 'LOG_ROTATION', 'How often a new log file is begun'),
} as const satisfies Options

const FILE = { config, version: { short: 'V', help: 'Print version' } } as const satisfies Options

const EDIT_CLI = { ...CLUSTER, ...LOGGING, ...FILE } as const satisfies Options

/** What CloudHSM's tool has and changes nothing here is taken, so that scripts run, and kept. */
const KEPT = {
  'server-client-cert-file': file('Client certificate of an older kind of connection. Kept, and not used'),
  'server-client-key-file': file('Private key of that certificate. Kept, and not used'),
  'enable-validate-key-at-init': { help: 'Kept; parameters are always validated at initialization' },
  'disable-validate-key-at-init': { help: 'Kept; parameters are always validated at initialization' },
  'enable-certificate-storage': { help: 'Kept; certificates can always be stored' },
  'disable-certificate-storage': { help: 'Kept; certificates can always be stored' },
  'enable-ecdh-without-kdf': { help: 'Kept; the mode of the cluster decides' },
  'disable-ecdh-without-kdf': { help: 'Kept; the mode of the cluster decides' },
  'default-retry-mode': oneOf(RETRY_MODES, 'RETRY_MODE', 'Kept; the module does not ask twice'),
} as const satisfies Options

/** CloudHSM's tool does not have them. */
const OWN = {
  socket: {
    value: 'SOCKET',
    help: 'Unix socket of an HSM of the cluster on this machine, which goes before the addresses',
    extension: true,
  },
  'token-label': { value: 'LABEL', help: 'Label of the token [default: hsm1]', extension: true },
  'enable-gcm-iv-from-program': {
    help: 'AES-GCM with the IV that the program gives; zeros still mean that the HSM makes it',
    extension: true,
  },
  'disable-gcm-iv-from-program': {
    help: 'AES-GCM with an IV of the HSM alone, as CloudHSM has it',
    extension: true,
  },
} as const satisfies Options

const EDIT_PKCS11 = {
  ...CLUSTER,
  ...KEPT,
  ...LOGGING,
  'log-type': oneOf(LOG_TYPES, 'LOG_TYPE', 'Kept, as are the other log options: the module writes no log'),
  ...FILE,
  ...OWN,
} as const satisfies Options

export type EditArgs = Args<typeof EDIT_PKCS11>

export const ADD_CLUSTER = {
  'cluster-id': { ...clusterId('Id of the cluster to add'), required: true },
  addresses,
  ...certificates,
  config,
} as const satisfies Options

const REMOVE_CLUSTER = {
  'cluster-id': { ...clusterId('Id of the cluster to remove'), required: true },
  config,
} as const satisfies Options

export const SUBCOMMANDS = { 'add-cluster': ADD_CLUSTER, 'remove-cluster': REMOVE_CLUSTER } as const

export type Subcommand = keyof typeof SUBCOMMANDS

/** A program that edits the configuration of one component. */
export type Tool = {
  readonly name: `configure-${Component}`
  readonly component: Component
  readonly about: string
  /** Without a subcommand. */
  readonly edit: Options
}

export const CONFIGURE_CLI: Tool = {
  name: 'configure-cli',
  component: 'cli',
  about: 'Edit the configuration of the CloudHSM CLI. What is not named stays as it is',
  edit: EDIT_CLI,
}

export const CONFIGURE_PKCS11: Tool = {
  name: 'configure-pkcs11',
  component: 'pkcs11',
  about: 'Edit the configuration of the PKCS#11 module. What is not named stays as it is',
  edit: EDIT_PKCS11,
}

const leaf = (name: Subcommand, about: string): Leaf => ({
  name,
  about,
  command: quittingWith(SUBCOMMANDS[name]),
})

const LEAVES: readonly Leaf[] = [
  leaf('add-cluster', 'Add a cluster to the configuration'),
  leaf('remove-cluster', 'Remove a cluster from the configuration'),
]

/** The commands from the root to the subcommand, as help and usage need them. */
export function pathTo({ name, about }: Tool, subcommand: Subcommand | undefined): Path {
  const program: OpenGroup = { name, about, commands: LEAVES }
  // The program stands below the root, so that usage lines begin with its name.
  const root: Root = { name: '', about: '', options: {}, commands: [program] }
  return [root, program, ...LEAVES.filter((leaf) => leaf.name === subcommand)]
}

/** Having run, the program quits. */
export function quittingWith(options: Options): ModeSwitch {
  return { options, mode: 'quit' }
}
