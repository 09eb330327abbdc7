/** The options of the program strongroom as words, and what they mean. */
import { resolve } from 'node:path'
import { isClusterId } from '../cli/config/document.ts'
import { HsmError } from '../contract/errors.ts'
import { HSM_TYPES, MODES } from '../contract/profiles.ts'
import { foundingProfile, type Profile } from '../policy/hsm-profile/profile.ts'
import type { Opening } from './backup/opening.ts'
import { type ListenAddress, parseListen } from './listen-address.ts'
import type { EtcdSettings } from './node/settings.ts'
import type { StartOptions } from './node/start-plan.ts'
import { NONE, USUAL } from './serving-settings.ts'

export const WORDS = {
  home: { type: 'string' },
  listen: { type: 'string' },
  detach: { type: 'boolean' },
  json: { type: 'boolean' },
  metrics: { type: 'string' },
  log: { type: 'string' },
  etcd: { type: 'string' },
  'etcd-ca': { type: 'string' },
  'etcd-cert': { type: 'string' },
  'etcd-key': { type: 'string' },
  'etcd-user': { type: 'string' },
  'etcd-password-file': { type: 'string' },
  'cluster-id': { type: 'string' },
  'hsm-id': { type: 'string' },
  advertise: { type: 'string' },
  'key-use-fence': { type: 'boolean' },
  'accept-rollback': { type: 'boolean' },
  mode: { type: 'string' },
  'hsm-type': { type: 'string' },
  'secret-file': { type: 'string' },
  to: { type: 'string' },
  'passphrase-file': { type: 'string' },
  'master-key-file': { type: 'string' },
  'keep-id': { type: 'boolean' },
  pkcs11: { type: 'string' },
  socket: { type: 'string' },
  config: { type: 'string' },
} as const

export type OptionName = keyof typeof WORDS

export const ETCD_WORDS = [
  'etcd',
  'etcd-ca',
  'etcd-cert',
  'etcd-key',
  'etcd-user',
  'etcd-password-file',
] as const satisfies readonly OptionName[]

/** As they stand on the command line. */
export type Options = {
  readonly [Name in OptionName]?: (typeof WORDS)[Name]['type'] extends 'boolean' ? boolean : string
} & {
  /** The word that is no option, of a command that takes one. */
  readonly file?: string
}

/** @throws HsmError `invalid-request` naming the option at fault */
export function startOptions(options: Options): StartOptions {
  return given({
    listen: address('--listen', options.listen, 0),
    advertise: address('--advertise', options.advertise, 1),
    metrics: options.metrics === NONE ? NONE : address('--metrics', options.metrics, 0),
    pkcs11: pathOr([NONE, USUAL], '--pkcs11', options.pkcs11),
    logFile: pathOr([USUAL], '--log', options.log),
    etcd: wholeEtcd(options),
    clusterId: id('--cluster-id', options['cluster-id']),
    hsmId: id('--hsm-id', options['hsm-id']),
    keyUseFence: options['key-use-fence'],
    acceptRollback: options['accept-rollback'],
    profile: profile(options),
  })
}

/** Undefined when nothing of it is given. Throws HsmError `invalid-request` naming the option at fault. */
export function wholeEtcd(options: Options): EtcdSettings | undefined {
  const etcd = etcdOptions(options)
  const { endpoints } = etcd
  if (!endpoints && Object.keys(etcd).length > 0) throw wrong('--etcd', 'is missing')
  return endpoints && { ...etcd, endpoints }
}

/** @throws HsmError `invalid-request` naming the option at fault */
export function etcdOptions(options: Options): Partial<EtcdSettings> {
  const [cert, key] = [options['etcd-cert'], options['etcd-key']]
  if ((cert === undefined) !== (key === undefined)) throw wrong('--etcd-cert', 'goes with --etcd-key')
  const [user, passwordFile] = [options['etcd-user'], options['etcd-password-file']]
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw wrong('--etcd-user', 'goes with --etcd-password-file')
  }
  return given({
    endpoints: options.etcd?.split(',').map(endpoint),
    caFile: file('--etcd-ca', options['etcd-ca']),
    certFile: file('--etcd-cert', cert),
    keyFile: file('--etcd-key', key),
    username: user,
    passwordFile: file('--etcd-password-file', passwordFile),
  })
}

/** @throws HsmError `invalid-request` when it is left out: a secret is never taken from the command line */
export function secretFile(path: string | undefined): string {
  if (path) return path
  throw wrong('--secret-file', 'FILE is needed, or - for standard input')
}

/** @throws HsmError `invalid-request` when it is left out */
export function newFile(option: '--to', path: string | undefined): string {
  if (path) return resolve(path)
  throw wrong(option, 'FILE is needed')
}

/** What opens a backup. Throws HsmError `invalid-request` unless it is said in one way. */
export function openingOf(options: Options): Opening {
  const [masterKeyFile, passphraseFile] = [options['master-key-file'], options['passphrase-file']]
  if (masterKeyFile && passphraseFile === undefined) return { masterKeyFile: resolve(masterKeyFile) }
  if (passphraseFile && masterKeyFile === undefined) return { passphraseFile }
  throw wrong('--master-key-file FILE or --passphrase-file FILE', 'is needed, one of them')
}

/** Absolute; undefined when it was left out. Throws HsmError `invalid-request`. */
export const socketPath = (text: string | undefined): string | undefined => file('--socket', text)

/** The same options as words again, for a process that works in another directory. */
export function wordsOf(options: Options): readonly string[] {
  const files = new Set(['etcd-ca', 'etcd-cert', 'etcd-key', 'etcd-password-file', 'pkcs11', 'log'])
  const words: ReadonlySet<unknown> = new Set([NONE, USUAL])
  return Object.entries(options).map(([name, value]) => {
    if (value === true) return `--${name}`
    return `--${name}=${files.has(name) && !words.has(value) ? resolve(String(value)) : value}`
  })
}

/** Undefined when nothing is said of it. */
function profile(options: Options): Partial<Profile> | undefined {
  const wanted = given({
    mode: oneOf('--mode', MODES, options.mode),
    hsmType: oneOf('--hsm-type', HSM_TYPES, options['hsm-type']),
  })
  const founding = foundingProfile(wanted)
  if (!founding.allow) throw new HsmError(founding.code, founding.why)
  return Object.keys(wanted).length > 0 ? wanted : undefined
}

function oneOf<T extends string>(
  option: string,
  words: readonly T[],
  text: string | undefined,
): T | undefined {
  const word = words.find((known) => known === text)
  if (text === undefined || word !== undefined) return word
  throw wrong(option, `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
}

function address(option: string, text: string | undefined, lowestPort: number): ListenAddress | undefined {
  if (text === undefined) return undefined
  const parsed = parseListen(text)
  if (parsed && parsed.port >= lowestPort) return parsed
  throw wrong(option, 'must be HOST:PORT, such as 127.0.0.1:2223 or [::1]:2223')
}

function endpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isRoot = url?.pathname === '/' && url.search === '' && url.username === '' && url.hash === ''
  if (isRoot && (url.protocol === 'https:' || url.protocol === 'http:')) return url.origin
  throw wrong('--etcd', 'must be URLs, such as https://10.0.0.1:2379, with a comma between them')
}

function id(option: string, text: string | undefined): string | undefined {
  if (text === undefined || isClusterId(text)) return text
  throw wrong(option, 'must have 1 to 128 letters, digits, ".", "_" or "-"')
}

/** One of the words, or a path. */
const pathOr = (words: readonly string[], option: string, text: string | undefined): string | undefined =>
  words.find((word) => word === text) ?? file(option, text)

function file(option: string, path: string | undefined): string | undefined {
  if (path === '') throw wrong(option, 'must not be empty')
  return path === undefined ? undefined : resolve(path)
}

const wrong = (option: string, problem: string): HsmError =>
  new HsmError('invalid-request', `${option} ${problem}`)

/** Without the members that are undefined. */
function given<T extends object>(members: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}
