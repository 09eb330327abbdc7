/** The commands: every name, and where the rest of it is read from when it is needed. */

import { CRYPTO } from './commands/crypto/crypto.ts'
import { KEY } from './commands/key/key.ts'
import type { Group, Leaf, Option, Root } from './spec.ts'

const CONFIG = {
  value: 'CONFIG',
  help: 'Path of the client configuration. If not provided, $CLOUDHSM_CLI_CONFIG, etc/cloudhsm-cli.cfg in $STRONGROOM_HOME and /opt/cloudhsm/etc/cloudhsm-cli.cfg are tried in this order',
} as const satisfies Option

const VERBOSE = {
  extension: true,
  help: 'Say more on standard error: which keys a filter matches that should match one',
} as const satisfies Option

const USER: Group = {
  name: 'user',
  about: 'Manage the users of the HSM cluster',
  commands: [
    {
      name: 'change-password',
      about: 'Change the password of a user, which also unlocks a locked user',
      load: async () => (await import('./commands/user/change-password.ts')).changePassword,
    },
    {
      name: 'create',
      about: 'Create a user in the HSM cluster',
      load: async () => (await import('./commands/user/create.ts')).createUser,
    },
    {
      name: 'delete',
      about: 'Delete a user from the HSM cluster',
      load: async () => (await import('./commands/user/delete.ts')).deleteUser,
    },
    {
      name: 'list',
      about: 'List the users of the HSM cluster',
      load: async () => (await import('./commands/user/list.ts')).listUsers,
    },
    {
      name: 'logout',
      about: 'End all logins of a user, on every HSM of the cluster',
      extension: true,
      load: async () => (await import('./commands/user/logout.ts')).logoutUser,
    },
    {
      name: 'replicate',
      about: 'Replicate a user from a source to a destination cluster',
      load: async () => (await import('./commands/user/replicate.ts')).replicateUser,
    },
  ],
}

const CLUSTER: Group = {
  name: 'cluster',
  about: 'Manage the HSM cluster',
  commands: [
    {
      name: 'activate',
      about: 'Activate the HSM cluster by setting the first password of its admin',
      load: async () => (await import('./commands/cluster/activate.ts')).activate,
    },
    {
      name: 'hsm-info',
      about: 'List the HSMs of the cluster',
      load: async () => (await import('./commands/cluster/hsm-info.ts')).hsmInfo,
    },
  ],
}

const INTERACTIVE: Leaf = {
  name: 'interactive',
  about: 'Enter commands one after another, with one login for all of them',
  load: async () => (await import('./commands/interactive.ts')).interactive,
}

const LOGIN: Leaf = {
  name: 'login',
  about: 'Log in to the HSM cluster',
  load: async () => (await import('./commands/login.ts')).login,
}

const NO_SINGLE_LOGIN =
  'login has no effect as a single command, because the login ends with it: use cloudhsm-cli interactive, or set CLOUDHSM_ROLE and CLOUDHSM_PIN for each command'

const SINGLE_LOGIN: Leaf = {
  ...LOGIN,
  load: async () => ({ ...(await import('./commands/login.ts')).login, refused: NO_SINGLE_LOGIN }),
}

const LOGOUT: Leaf = {
  name: 'logout',
  about: 'Log out of the HSM cluster',
  load: async () => (await import('./commands/logout.ts')).logout,
}

const load = async () => (await import('./commands/quit.ts')).quit
const QUIT: Leaf = { name: 'quit', about: 'Leave the interactive mode', load }
const EXIT: Leaf = { ...QUIT, name: 'exit', hidden: true }

/** What the program accepts on its command line. */
export const programTree = (version: string): Root => ({
  name: 'cloudhsm-cli',
  about: 'Manage the users and keys of an HSM cluster, and use the keys',
  version,
  options: { config: CONFIG, verbose: VERBOSE },
  commands: [CLUSTER, CRYPTO, INTERACTIVE, KEY, SINGLE_LOGIN, LOGOUT, USER],
})

/** What the interactive mode accepts. */
export const SHELL_TREE: Root = {
  name: '',
  about: 'Manage the users and keys of an HSM cluster, and use the keys',
  options: {},
  commands: [CLUSTER, CRYPTO, KEY, LOGIN, LOGOUT, QUIT, EXIT, USER],
}
