/** The commands of the program strongroom. What one needs is loaded when it runs: the HSM itself for `start` alone. */
import { homedir } from 'node:os'
import { HsmError } from '../contract/errors.ts'
import { defaultHome, type Home, homeAt } from './home.ts'
import { type Outcome, wrongUsage } from './outcome.ts'
import {
  ETCD_WORDS,
  etcdOptions,
  type OptionName,
  type Options,
  secretFile,
  startOptions,
  wordsOf,
} from './words.ts'

export type Command = {
  readonly options: readonly OptionName[]
  readonly run: (options: Options) => Promise<Outcome>
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    options: [
      ...['home', 'listen', 'detach', 'metrics', 'cluster-id', 'hsm-id', 'advertise', 'key-use-fence'],
      ...ETCD_WORDS,
    ] as const,
    run: ({ home, detach, ...options }) =>
      understood(
        () => startOptions(options),
        async (asked) => {
          if (!detach) return (await import('./serve.ts')).serve(homeOf(home), asked)
          return (await import('./detach.ts')).detach(homeOf(home), wordsOf(options), process.argv[1] ?? '')
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
    options: ['home', 'json'],
    async run({ home, json }) {
      const { credentials } = await import('../cli/credentials.ts')
      const who = credentials(process.env['CLOUDHSM_ROLE'], process.env['CLOUDHSM_PIN'])
      return (await import('./audit.ts')).audit(homeOf(home), { who, json: json === true, print })
    },
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
          const { readSecret } = await import('./node/secret-file.ts')
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

const homeOf = (path: string | undefined): Home => homeAt(path ?? defaultHome(process.env, homedir()))

const print = (text: string): void => void process.stdout.write(text)
