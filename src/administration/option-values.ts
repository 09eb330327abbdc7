/** Parses the values of options of the program strongroom. */
import { resolve } from 'node:path'
import { type ListenAddress, parseListen } from '../base/listen-address.ts'
import type { Args, ArgValues, Options as Spec } from '../cli/spec.ts'
import { isClusterId } from '../client-config/document.ts'
import { HsmError } from '../contract/errors.ts'
import { NONE, USUAL } from '../home/serving-settings.ts'
import type { EtcdSettings } from '../node/settings.ts'
import { foundingProfile, type Profile } from '../policy/hsm-profile/profile.ts'
import type { Opening } from './backup/opening.ts'
import type { BACKUP_RESTORE, ETCD, START } from './options.ts'
import type { StartOptions } from './start-plan.ts'

type Given<S extends Spec> = Partial<Args<S>>

/** @throws HsmError `invalid-request` naming the option at fault */
export function startOptions(options: Given<typeof START>): StartOptions {
  return given({
    listen: address('--listen', options.listen, 0),
    advertise: address('--advertise', options.advertise, 1),
    metrics: options.metrics === NONE ? NONE : address('--metrics', options.metrics, 0),
    pkcs11: pathOr([NONE, USUAL], options.pkcs11),
    logFile: pathOr([USUAL], options.log),
    publicObjects: options['public-objects'],
    etcd: some(etcdOptions(options)),
    clusterId: id('--cluster-id', options['cluster-id']),
    hsmId: id('--hsm-id', options['hsm-id']),
    keyUseFence: options['key-use-fence'],
    acceptRollback: options['accept-rollback'],
    profile: profile(options),
  })
}

/** Undefined when nothing of it is given. Throws HsmError `invalid-request` naming the option at fault. */
export function wholeEtcd(options: Given<typeof ETCD>): EtcdSettings | undefined {
  const etcd = etcdOptions(options)
  const { endpoints } = etcd
  if (!endpoints && Object.keys(etcd).length > 0) throw wrong('--etcd', 'is missing')
  return endpoints && { ...etcd, endpoints }
}

/** @throws HsmError `invalid-request` naming the option at fault */
export function etcdOptions(options: Given<typeof ETCD>): Partial<EtcdSettings> {
  const [cert, key] = [options['etcd-cert'], options['etcd-key']]
  if ((cert === undefined) !== (key === undefined)) throw wrong('--etcd-cert', 'goes with --etcd-key')
  const [user, passwordFile] = [options['etcd-user'], options['etcd-password-file']]
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw wrong('--etcd-user', 'goes with --etcd-password-file')
  }
  return given({
    endpoints: options.etcd?.split(',').map(endpoint),
    caFile: absolute(options['etcd-ca']),
    certFile: absolute(cert),
    keyFile: absolute(key),
    username: user,
    passwordFile: absolute(passwordFile),
  })
}

/** What opens a backup; the parser has seen that it is one of them. */
export function openingOf(options: Given<typeof BACKUP_RESTORE>): Opening {
  const masterKeyFile = absolute(options['master-key-file'])
  if (masterKeyFile !== undefined) return { masterKeyFile }
  return { passphraseFile: options['passphrase-file'] ?? '-' }
}

/** Absolute, or `-`. */
export const pathOrDash = (text: string): string => (text === '-' ? text : resolve(text))

/** The same options as words again, for a process that works in another directory. */
export function wordsOf(options: ArgValues): readonly string[] {
  const files = new Set(['etcd-ca', 'etcd-cert', 'etcd-key', 'etcd-password-file', 'pkcs11', 'log'])
  const words: ReadonlySet<unknown> = new Set([NONE, USUAL])
  return Object.entries(options).map(([name, value]) => {
    if (value === true) return `--${name}`
    return `--${name}=${files.has(name) && !words.has(value) ? resolve(String(value)) : value}`
  })
}

/** Undefined when nothing is said of it. */
function profile(options: Given<typeof START>): Partial<Profile> | undefined {
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
const pathOr = (words: readonly string[], text: string | undefined): string | undefined =>
  words.find((word) => word === text) ?? absolute(text)

/** Absolute; undefined when it was left out. */
export const absolute = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(path)

const wrong = (option: string, problem: string): HsmError =>
  new HsmError('invalid-request', `${option} ${problem}`)

/** Without the members that are undefined. */
function given<T extends object>(members: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}

const some = <T extends object>(members: T): T | undefined =>
  Object.keys(members).length > 0 ? members : undefined
