/** The options of `strongroom start`, and what their values mean. */
import { resolve } from 'node:path'
import { type ListenAddress, parseListen } from '../base/listen-address.ts'
import { type Args, type ArgValues, choices, type Option, type Options } from '../cli/spec.ts'
import { isClusterId } from '../client-config/document.ts'
import { HsmError } from '../contract/errors.ts'
import { HSM_TYPES, MODES } from '../contract/profiles.ts'
import { PUBLIC_OBJECTS } from '../contract/public-objects.ts'
import { NONE, USUAL } from '../home/serving-settings.ts'
import { foundingProfile, type Profile } from '../policy/hsm-profile/profile.ts'
import { ETCD, etcdOptions } from './etcd-options.ts'
import { absolute, given, HOME, KEY_CERTIFICATES_OPTION, wrong } from './options.ts'
import type { StartOptions } from './start-plan.ts'

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
  'key-certificates': {
    ...KEY_CERTIFICATES_OPTION,
    help: `${KEY_CERTIFICATES_OPTION.help}. Remembered`,
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

/** @throws HsmError `invalid-request` naming the option at fault */
export function startOptions(options: Partial<Args<typeof START>>): StartOptions {
  return given({
    listen: address('--listen', options.listen, 0),
    advertise: address('--advertise', options.advertise, 1),
    metrics: options.metrics === NONE ? NONE : address('--metrics', options.metrics, 0),
    pkcs11: pathOr([NONE, USUAL], options.pkcs11),
    logFile: pathOr([USUAL], options.log),
    publicObjects: options['public-objects'],
    keyCertificates: options['key-certificates'],
    etcd: some(etcdOptions(options)),
    clusterId: id('--cluster-id', options['cluster-id']),
    hsmId: id('--hsm-id', options['hsm-id']),
    keyUseFence: options['key-use-fence'],
    acceptRollback: options['accept-rollback'],
    profile: profile(options),
  })
}

/** The same options as words again, for a process that works in another directory. */
export function wordsOf(options: ArgValues): readonly string[] {
  const words: ReadonlySet<unknown> = new Set([NONE, USUAL])
  return Object.entries(options).map(([name, value]) => {
    if (value === true) return `--${name}`
    return `--${name}=${isPath(name) && !words.has(value) ? resolve(String(value)) : value}`
  })
}

function isPath(name: string): boolean {
  const { value }: Option = START[name as keyof typeof START]
  return value === 'FILE' || value === 'PATH'
}

/** Undefined when nothing is said of it. */
function profile(options: Partial<Args<typeof START>>): Partial<Profile> | undefined {
  const wanted = given({
    mode: options.mode,
    hsmType: options['hsm-type'],
  })
  const founding = foundingProfile(wanted)
  if (!founding.allow) throw new HsmError(founding.code, founding.why)
  return Object.keys(wanted).length > 0 ? wanted : undefined
}

function address(option: string, text: string | undefined, lowestPort: number): ListenAddress | undefined {
  if (text === undefined) return undefined
  const parsed = parseListen(text)
  if (parsed && parsed.port >= lowestPort) return parsed
  throw wrong(option, 'must be HOST:PORT, such as 127.0.0.1:2223 or [::1]:2223')
}

function id(option: string, text: string | undefined): string | undefined {
  if (text === undefined || isClusterId(text)) return text
  throw wrong(option, 'must have 1 to 128 letters, digits, ".", "_" or "-"')
}

/** One of the words, or a path. */
const pathOr = (words: readonly string[], text: string | undefined): string | undefined =>
  words.find((word) => word === text) ?? absolute(text)

const some = <T extends object>(members: T): T | undefined =>
  Object.keys(members).length > 0 ? members : undefined
