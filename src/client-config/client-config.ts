/** What a client takes from its configuration file: complete, usable values, or one sentence saying what is wrong. */

import { DEFAULT_PORT, isHost } from '../base/address.ts'
import { HsmError } from '../contract/errors.ts'
import {
  type ClusterEntry,
  type ConfigDocument,
  clusterIdOf,
  configError,
  type LOG_LEVELS,
  type LOG_ROTATIONS,
  type LOG_TYPES,
  parseDocument,
  type ServerEntry,
} from './document.ts'
import { besideConfig, defaultCaFile, defaultLogFile } from './locate.ts'

export type ClientConfig = {
  /** At least one. */
  readonly clusters: readonly ClusterConfig[]
  readonly logging: LoggingConfig
}

export type ClusterConfig = {
  readonly id: string | undefined
  /** At least one of them is enabled. */
  readonly servers: readonly ServerConfig[]
  readonly caFile: string
  /** Client certificate and key come together. */
  readonly clientCert?: string
  readonly clientKey?: string
  /** Undefined: as the cluster has it by default. */
  readonly keyAvailabilityCheck: boolean | undefined
  /** ECDSA with hash functions weaker than the key, in FIPS mode. */
  readonly weakHashes: boolean
}

export type ServerConfig = { readonly hostname: string; readonly port: number; readonly enable: boolean }

export type LoggingConfig = {
  readonly type: (typeof LOG_TYPES)[number]
  readonly file: string
  readonly level: (typeof LOG_LEVELS)[number]
  readonly rotation: (typeof LOG_ROTATIONS)[number]
}

/**
 * Relative file names in the configuration count from the directory of the file itself.
 *
 * @throws HsmError `invalid-request` with one sentence naming the file and the member
 */
export function parseConfig(source: string, path: string): ClientConfig {
  const { clusters, logging } = parseDocument(source, path)
  if (clusters.length === 0)
    throw configError(path, 'no cluster in it; add one with: configure-cli -a ADDRESS')
  return {
    clusters: clusters.map((entry, index) => clusterConfig(entry, `clusters[${index}].cluster`, path)),
    logging: loggingConfig(logging, path),
  }
}

function clusterConfig(entry: ClusterEntry, member: string, path: string): ClusterConfig {
  const { servers, hsm_ca_file: caFile, options } = entry.cluster
  if (!servers.some(({ enable }) => enable !== false)) {
    throw configError(path, `${member}.servers has no enabled server; set one with: configure-cli -a ADDRESS`)
  }
  if (caFile === '') throw configError(path, `${member}.hsm_ca_file must not be empty`)
  const checkOff = options?.disable_key_availability_check
  return {
    id: clusterIdOf(entry),
    servers: servers.map((server, index) => serverConfig(server, `${member}.servers[${index}]`, path)),
    caFile: caFile === undefined ? defaultCaFile(path) : besideConfig(path, caFile),
    ...clientIdentity(entry, member, path),
    keyAvailabilityCheck: checkOff === undefined ? undefined : !checkOff,
    weakHashes: options?.enable_ecdsa_with_weak_hash_function ?? false,
  }
}

function serverConfig(server: ServerEntry, member: string, path: string): ServerConfig {
  const { hostname, port = DEFAULT_PORT, enable = true } = server
  if (isHost(hostname)) return { hostname, port, enable }
  const advice = `${member}.hostname in ${path} must be a host name or an address; set it with: configure-cli -a ADDRESS`
  throw new HsmError('invalid-request', `Config key hostname has invalid value: ${advice}`)
}

/** Scripts know the sentence about a file that cannot be read; an empty path is such a file. */
function clientIdentity(entry: ClusterEntry, member: string, path: string) {
  const { client_cert_hsm_tls_path: cert, client_key_hsm_tls_path: key } = entry.cluster
  for (const [name, file] of Object.entries({
    client_cert_hsm_tls_path: cert,
    client_key_hsm_tls_path: key,
  })) {
    if (file !== '') continue
    const problem = `Could not read configuration-referenced file ${name} at location : No such file or directory`
    const advice = `${member}.${name} in ${path} must not be empty; leave it out for plain TLS`
    throw new HsmError('invalid-request', `${problem}: ${advice}`)
  }
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined || key === undefined) {
    throw configError(path, `${member}.client_cert_hsm_tls_path and client_key_hsm_tls_path go together`)
  }
  return { clientCert: besideConfig(path, cert), clientKey: besideConfig(path, key) }
}

function loggingConfig(logging: ConfigDocument['logging'], path: string): LoggingConfig {
  const file = logging?.log_file
  return {
    type: logging?.log_type ?? 'file',
    file: file === undefined ? defaultLogFile(path) : besideConfig(path, file),
    level: logging?.log_level ?? 'info',
    rotation: logging?.log_interval ?? 'daily',
  }
}
