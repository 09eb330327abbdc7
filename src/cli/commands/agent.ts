/** The commands of `agent`, which are about a process of the user and not about a cluster. */
import { HsmError } from '../../contract/errors.ts'
import { type AgentCommand, type ArgValues, choices, type Leaf, type Option, type Options } from '../spec.ts'

const MOST_SECONDS = 86_400

const SERVING = {
  lifetime: {
    value: 'SECONDS',
    count: true,
    help: 'How long a login is held at most',
    fallback: '28800',
  },
  idle: {
    value: 'SECONDS',
    count: true,
    help: 'How long a login is held that is not used',
    fallback: '3600',
  },
} as const satisfies Options

/** @throws HsmError `invalid-request` naming the option */
export function agentTimes(args: ArgValues): { readonly lifetimeMs: number; readonly idleMs: number } {
  const [lifetimeMs = 0, idleMs = 0] = Object.entries(SERVING).map(([name, { fallback }]) => {
    const seconds = Number(args[name] ?? fallback)
    if (seconds >= 1 && seconds <= MOST_SECONDS) return seconds * 1000
    throw new HsmError('invalid-request', `--${name} must be from 1 to ${MOST_SECONDS} seconds`)
  })
  return { lifetimeMs, idleMs }
}

const shell = {
  value: 'SHELL',
  help: 'The shell that is to carry out what is printed',
  choices: choices(['sh', 'csh', 'fish']),
  fallback: 'sh',
} as const satisfies Option

const socket = { value: 'PATH', required: true, help: 'Path of the socket' } as const satisfies Option

const row = (name: AgentCommand, about: string, options: Options, examples?: readonly string[]): Leaf => ({
  name,
  about,
  command: { options, mode: `agent ${name}`, ...(examples && { examples }) },
})

export const AGENT: readonly Leaf[] = [
  row('start', 'Start an agent, and print the lines by which a shell uses it', { ...SERVING, shell }, [
    'eval "$(cloudhsm-cli agent start)"',
  ]),
  row('status', 'Show which logins the agent holds', {}),
  row('lock', 'Log the agent out: the next command has to prove its password again', {}),
  row('stop', 'Log the agent out and end it, and print the line by which a shell forgets it', { shell }, [
    'eval "$(cloudhsm-cli agent stop)"',
  ]),
  { ...row('serve', 'Be the agent that start starts', { ...SERVING, socket }), hidden: true },
]
