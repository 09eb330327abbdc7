/** The commands of cloudhsm-cli: the top level, and the table that has each group. */
import { INTERACTIVE, LOGIN, LOGOUT, QUIT } from './commands/session.ts'
import type { Group, Leaf, Option, Root } from './spec.ts'

const CONFIG = {
  value: 'CONFIG',
  help: 'Path of the client configuration. If not provided, $CLOUDHSM_CLI_CONFIG, etc/cloudhsm-cli.cfg in $STRONGROOM_HOME and /opt/cloudhsm/etc/cloudhsm-cli.cfg are tried in this order',
} as const satisfies Option

const VERBOSE = {
  extension: true,
  help: 'Also list on standard error which keys a filter matches that should match one',
} as const satisfies Option

export const AGENT: Group = {
  name: 'agent',
  about: 'Hold logins, so that single commands start faster and do not log in each time',
  extension: true,
  commands: async () => (await import('./commands/agent.ts')).AGENT,
}

const CLUSTER: Group = {
  name: 'cluster',
  about: 'Manage the HSM cluster',
  commands: async () => (await import('./commands/cluster.ts')).CLUSTER,
}

const CRYPTO: Group = {
  name: 'crypto',
  about: 'Use keys of the HSM cluster',
  commands: async () => (await import('./commands/crypto/crypto.ts')).CRYPTO,
}

const KEY: Group = {
  name: 'key',
  about: 'Manage keys in the HSM cluster',
  commands: async () => (await import('./commands/key/key.ts')).KEY,
}

const USER: Group = {
  name: 'user',
  about: 'Manage the users of the HSM cluster',
  commands: async () => (await import('./commands/user.ts')).USER,
}

const SINGLE_LOGIN: Leaf = {
  ...LOGIN,
  command: {
    ...LOGIN.command,
    refused:
      'login has no effect as a single command, because the login ends with it: use cloudhsm-cli interactive, or set CLOUDHSM_ROLE and CLOUDHSM_PIN for each command',
  },
}

const EXIT: Leaf = { ...QUIT, name: 'exit', hidden: true }

/** What the program accepts on its command line. */
export const programTree = (version: string): Root => ({
  name: 'cloudhsm-cli',
  about: 'Manage the users and keys of an HSM cluster, and use the keys',
  version,
  options: { config: CONFIG, verbose: VERBOSE },
  commands: [AGENT, CLUSTER, CRYPTO, INTERACTIVE, KEY, SINGLE_LOGIN, LOGOUT, USER],
})

/** What the interactive mode accepts. */
export const SHELL_TREE: Root = {
  name: '',
  about: 'Manage the users and keys of an HSM cluster, and use the keys',
  options: {},
  commands: [CLUSTER, CRYPTO, KEY, LOGIN, LOGOUT, QUIT, EXIT, USER],
}
