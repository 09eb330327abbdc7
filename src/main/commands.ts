/** The commands of the program strongroom. What one needs is loaded when it runs: the HSM itself for `start` alone. */
import { homedir } from 'node:os'
import type { Credentials } from '../cli/seats.ts'
import { HsmError } from '../contract/errors.ts'
import { defaultHome, type Home, homeAt } from './home.ts'
import { type Outcome, wrongUsage } from './outcome.ts'
import {
  ETCD_WORDS,
  etcdOptions,
  newFile,
  type OptionName,
  type Options,
  openingOf,
  secretFile,
  socketPath,
  startOptions,
  wholeEtcd,
  wordsOf,
} from './words.ts'

export type Command = {
  readonly options: readonly OptionName[]
  /** Takes one word that is no option: the path of a file. */
  readonly takesFile?: true
  readonly run: (options: Options) => Promise<Outcome>
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    options: [
      ...['home', 'listen', 'detach', 'metrics', 'cluster-id', 'hsm-id', 'advertise', 'key-use-fence'],
      ...['pkcs11', 'log', 'mode', 'hsm-type', 'accept-rollback'],
      ...ETCD_WORDS,
    ] as const,
    run: ({ home, detach, ...options }) =>
      understood(
        () => startOptions(options),
        async (start) => {
          if (!detach) return (await import('./serve.ts')).serve(homeOf(home), start, program())
          return (await import('./detach.ts')).detach(homeOf(home), wordsOf(options), program())
        },
      ),
  },
  stop: {
    options: ['home'],
    run: async ({ home }) => (await import('./stop.ts')).stop(homeOf(home)),
  },
  status: {
    options: ['home', 'json'],
    run: async ({ home, json }) =>
      (await import('./status.ts')).status(homeOf(home), { json: json === true }),
  },
  audit: {
    options: ['home', 'hsm-id', 'json'],
    async run({ home, 'hsm-id': hsmId, json }) {
      const who = await whoAsks()
      return (await import('./audit.ts')).audit(homeOf(home), { who, hsmId, json: json === true, print })
    },
  },
  'policy apply trusted-wrapping': {
    options: ['home'],
    async run({ home }) {
      const who = await whoAsks()
      return (await import('./policy.ts')).applyTrustedWrapping(homeOf(home), who)
    },
  },
  'policy show': {
    options: ['home', 'json'],
    async run({ home, json }) {
      const who = await whoAsks()
      return (await import('./policy.ts')).showPolicy(homeOf(home), who, json === true)
    },
  },
  env: {
    options: ['home', 'socket'],
    run: ({ home, socket }) =>
      understood(
        () => socketPath(socket),
        async (path) => {
          const { servedSocket } = await import('./running.ts')
          return (await import('./pkcs11/env.ts')).env(path ?? servedSocket(homeOf(home)))
        },
      ),
  },
  pkcs11: {
    options: ['home', 'config', 'cluster-id', 'socket'],
    run: ({ home, config, 'cluster-id': clusterId, socket }) =>
      understood(
        () => socketPath(socket),
        async (path) => {
          const { agent } = await import('./pkcs11/agent.ts')
          return agent({ config, clusterId, socket: path ?? homeOf(home).pkcs11, named: path !== undefined })
        },
      ),
  },
  // Started by start itself.
  'pkcs11 keep': {
    options: ['home'],
    run: async ({ home }) => (await import('./pkcs11/keep.ts')).keep(homeOf(home)),
  },
  'backup create': {
    options: ['home', 'to', 'passphrase-file'],
    run: ({ home, to, 'passphrase-file': path }) =>
      understood(
        () => newFile('--to', to),
        async (file) => {
          const who = await whoAsks()
          const { readNewPassphrase } = await import('./backup/opening.ts')
          const passphrase = path === undefined ? undefined : await readNewPassphrase(path)
          return (await import('./backup/create.ts')).createBackup(homeOf(home), {
            who,
            to: file,
            passphrase,
          })
        },
      ),
  },
  'backup restore': {
    options: ['home', 'master-key-file', 'passphrase-file', 'keep-id', ...ETCD_WORDS],
    takesFile: true,
    run: ({ home, file = '', 'keep-id': keepId, ...options }) =>
      understood(
        () => ({ opening: openingOf(options), etcd: wholeEtcd(options) }),
        async (asked) =>
          (await import('./backup/restore.ts')).restoreBackup(homeOf(home), {
            file,
            ...asked,
            keepId: keepId === true,
          }),
      ),
  },
  'backup inspect': {
    options: ['json'],
    takesFile: true,
    run: async ({ file = '', json }) =>
      (await import('./backup/inspect.ts')).inspectBackup(file, { json: json === true }),
  },
  demo: { options: [], run: async () => (await import('./demo.ts')).demo(print) },
  'node invite': {
    options: ['home'],
    run: async ({ home }) => (await import('./node/invite.ts')).invite(homeOf(home), Date.now()),
  },
  'node join': {
    options: ['home', 'secret-file', ...ETCD_WORDS],
    run: ({ home, 'secret-file': path, ...options }) =>
      understood(
        () => ({ path: secretFile(path), etcd: etcdOptions(options) }),
        async (asked) => {
          const { readSecret } = await import('./secret-file.ts')
          const { join } = await import('./node/join.ts')
          return join(homeOf(home), {
            secret: await readSecret(asked.path),
            etcd: asked.etcd,
            now: Date.now(),
          })
        },
      ),
  },
}

/** Runs with what the words mean, or says what is wrong with them. */
function understood<T>(read: () => T, run: (meaning: T) => Promise<Outcome>): Promise<Outcome> {
  let meaning: T
  try {
    meaning = read()
  } catch (error) {
    if (error instanceof HsmError) return Promise.resolve(wrongUsage(error.message))
    throw error
  }
  return run(meaning)
}

/** As cloudhsm-cli is told for a single command. */
async function whoAsks(): Promise<Credentials> {
  const { credentials } = await import('../cli/credentials.ts')
  return credentials(process.env, '')
}

const homeOf = (path: string | undefined): Home => homeAt(path ?? defaultHome(process.env, homedir()))

/** The script that this process runs. */
const program = (): string => process.argv[1] ?? ''

const print = (text: string): void => void process.stdout.write(text)
