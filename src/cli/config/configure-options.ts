/** The command line of configure-cli, as data for the parser and the help of the CLI. */

import { LOG_LEVELS, LOG_ROTATIONS, LOG_TYPES } from '../../client-config/document.ts'
import {
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
  help: 'Configuration file to edit. If not provided, the one that cloudhsm-cli uses',
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

export const EDIT = {
  addresses,
  'cluster-id': clusterId('Which cluster of the configuration to edit, or the id of the first one'),
  ...certificates,
  'enable-key-availability-check': { help: 'Use token keys only when they are on at least 2 HSMs' },
  'disable-key-availability-check': { help: 'Use token keys that are on one HSM as well' },
  'enable-ecdsa-with-weak-hash-function': {
    help: 'In FIPS mode, let hash functions of ECDSA be weaker than the key',
  },
  'disable-ecdsa-with-weak-hash-function': { help: 'In FIPS mode, refuse them' },
  'log-type': oneOf(LOG_TYPES, 'LOG_TYPE', 'Where the log goes'),
  'log-file': file('File the log goes to'),
  'log-level': oneOf(LOG_LEVELS, 'LOG_LEVEL', 'What is logged, with all that is more severe'),
  'log-rotation': oneOf(LOG_ROTATIONS, 'LOG_ROTATION', 'How often a new log file is begun'),
  config,
  version: { short: 'V', help: 'Print version' },
} as const satisfies Options

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

const leaf = (name: Subcommand, about: string): Leaf => ({
  name,
  about,
  command: quittingWith(SUBCOMMANDS[name]),
})

const LEAVES: readonly Leaf[] = [
  leaf('add-cluster', 'Add a cluster to the configuration'),
  leaf('remove-cluster', 'Remove a cluster from the configuration'),
]

const PROGRAM: OpenGroup = {
  name: 'configure-cli',
  about: 'Edit the configuration of the CloudHSM CLI. What is not named stays as it is',
  commands: LEAVES,
}

/** The program stands below the root, so that usage lines begin with its name. */
const ROOT: Root = { name: '', about: '', options: {}, commands: [PROGRAM] }

/** The commands from the root to the subcommand, as help and usage need them. */
export function pathTo(subcommand: Subcommand | undefined): Path {
  return [ROOT, PROGRAM, ...LEAVES.filter(({ name }) => name === subcommand)]
}

/** Having run, the program quits. */
export function quittingWith(options: Options): ModeSwitch {
  return { options, mode: 'quit' }
}
