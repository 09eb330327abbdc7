/** Options of a configure tool, checked beyond what the parser checks, and made into a change. */
import { resolve } from 'node:path'
import { type Address, parseAddress } from '../../base/address.ts'
import type { LoggingConfig } from '../../client-config/client-config.ts'
import { isClusterId, type OwnSettings } from '../../client-config/document.ts'
import type { ClusterEdit, KeptOptions } from '../../client-config/edit.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import { type Bound, problem } from '../bind.ts'
import type { Args, ArgValues } from '../spec.ts'
import type { ConfigChange } from './change.ts'
import type { ADD_CLUSTER, EditArgs, Subcommand } from './configure-options.ts'

const SWITCHES = [
  'key-availability-check',
  'ecdsa-with-weak-hash-function',
  'validate-key-at-init',
  'certificate-storage',
  'ecdh-without-kdf',
  'gcm-iv-from-program',
] as const
/** A certificate and its key. */
const IDENTITIES = [
  ['client-cert-hsm-tls-file', 'client-key-hsm-tls-file'],
  ['server-client-cert-file', 'server-client-key-file'],
] as const

/** What must not be said together, and what must. */
export function wrongTogether(args: EditArgs): Extract<Bound, { kind: 'problem' }> | undefined {
  if (args.addresses?.length === 0) {
    return problem("a value is required for '-a <ADDRESS>...' but none was supplied", false)
  }
  const both = SWITCHES.find((name) => args[`enable-${name}`] && args[`disable-${name}`])
  if (both) return problem(`the argument '--enable-${both}' cannot be used with '--disable-${both}'`)
  const half = IDENTITIES.map((names) => names.filter((name) => args[name] === undefined)).find(
    ({ length }) => length === 1,
  )
  if (half === undefined) return undefined
  return problem(`the following required arguments were not provided:\n  --${half[0]} <FILE>`)
}

/**
 * @param args as they were bound to the options of the subcommand
 * @param directory that relative file names count from
 * @throws HsmError `invalid-request` with one sentence naming the option
 */
export function changeOf(
  subcommand: Subcommand | undefined,
  args: ArgValues,
  directory: string,
): ConfigChange {
  const given = args as EditArgs
  const clusterId = given['cluster-id']
  if (clusterId !== undefined && !isClusterId(clusterId)) {
    throw refused(`--cluster-id must have 1 to 128 letters, digits, ".", "_" or "-", not ${shown(clusterId)}`)
  }
  const cluster = clusterEdit(given, directory)
  if (subcommand === undefined)
    return { kind: 'edit', clusterId, cluster, logging: logging(given, directory) }
  const { 'cluster-id': required } = args as Args<typeof ADD_CLUSTER>
  return { kind: subcommand, clusterId: required, cluster }
}

function clusterEdit(args: EditArgs, directory: string): ClusterEdit {
  const { addresses } = args
  const caFile = absolute('hsm-ca-cert', args, directory)
  const clientCert = absolute('client-cert-hsm-tls-file', args, directory)
  const clientKey = absolute('client-key-hsm-tls-file', args, directory)
  const keyAvailabilityCheck = switched('key-availability-check', args)
  const weakHashes = switched('ecdsa-with-weak-hash-function', args)
  const serverClientCert = absolute('server-client-cert-file', args, directory)
  const serverClientKey = absolute('server-client-key-file', args, directory)
  const kept = keptOptions(args)
  const own = ownSettings(args, directory)
  return {
    ...(addresses !== undefined && { servers: addresses.map(address) }),
    ...(caFile !== undefined && { caFile }),
    ...(clientCert !== undefined && { clientCert }),
    ...(clientKey !== undefined && { clientKey }),
    ...(keyAvailabilityCheck !== undefined && { keyAvailabilityCheck }),
    ...(weakHashes !== undefined && { weakHashes }),
    ...(serverClientCert !== undefined && { serverClientCert }),
    ...(serverClientKey !== undefined && { serverClientKey }),
    ...(kept !== undefined && { kept }),
    ...(own !== undefined && { own }),
  }
}

/** Undefined when none of them is given. */
function keptOptions(args: EditArgs): KeptOptions | undefined {
  const validates = switched('validate-key-at-init', args)
  const stores = switched('certificate-storage', args)
  const withoutKdf = switched('ecdh-without-kdf', args)
  const retries = args['default-retry-mode']
  return ifAny({
    ...(validates !== undefined && { disable_validate_key_at_init: !validates }),
    ...(stores !== undefined && { disable_certificate_storage: !stores }),
    ...(withoutKdf !== undefined && { enable_ecdh_without_kdf: withoutKdf }),
    ...(retries !== undefined && { default_retry_mode: retries }),
  })
}

function ownSettings(args: EditArgs, directory: string): OwnSettings | undefined {
  const { 'token-label': label } = args
  const socket = absolute('socket', args, directory)
  const ivs = switched('gcm-iv-from-program', args)
  return ifAny({
    ...(socket !== undefined && { socket }),
    ...(label !== undefined && { token_label: label }),
    ...(ivs !== undefined && { gcm_iv_from_program: ivs }),
  })
}

const ifAny = <T extends object>(some: T): T | undefined => (Object.keys(some).length > 0 ? some : undefined)

/** Undefined when neither of its two options is given. */
function switched(name: (typeof SWITCHES)[number], args: EditArgs): boolean | undefined {
  return args[`enable-${name}`] || args[`disable-${name}`] ? args[`enable-${name}`] === true : undefined
}

function logging(args: EditArgs, directory: string): Partial<LoggingConfig> {
  const { 'log-type': type, 'log-level': level, 'log-rotation': rotation } = args
  const file = absolute('log-file', args, directory)
  return {
    ...(type !== undefined && { type }),
    ...(file !== undefined && { file }),
    ...(level !== undefined && { level }),
    ...(rotation !== undefined && { rotation }),
  }
}

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === undefined) {
    throw refused(`-a: ${shown(text)} is no host name, IPv4 or IPv6 address, with or without a port`)
  }
  return parsed
}

type FileOption = 'hsm-ca-cert' | 'log-file' | 'socket' | (typeof IDENTITIES)[number][number]

function absolute(name: FileOption, args: EditArgs, directory: string): string | undefined {
  const file = args[name]
  return file === undefined ? undefined : resolve(directory, file)
}

function refused(sentence: string): HsmError {
  return new HsmError('invalid-request', sentence)
}
