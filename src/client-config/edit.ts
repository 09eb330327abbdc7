/** Changes to the client configuration: each touches what it names and keeps the rest of the document. */

import { type Address, DEFAULT_PORT, isHost } from '../base/address.ts'
import { HsmError } from '../contract/errors.ts'
import type { LoggingConfig } from './client-config.ts'
import {
  type ClusterEntry,
  type ConfigDocument,
  clusterIdOf,
  type OwnSettings,
  type RETRY_MODES,
} from './document.ts'

export type ClusterEdit = {
  readonly servers?: readonly Address[]
  readonly caFile?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly keyAvailabilityCheck?: boolean
  /** ECDSA with hash functions weaker than the key, in FIPS mode. */
  readonly weakHashes?: boolean
  /** Of an older kind of connection. Kept, as is the next. */
  readonly serverClientCert?: string
  readonly serverClientKey?: string
  readonly kept?: KeptOptions
  readonly own?: OwnSettings
}

/** Options of CloudHSM's clients that change nothing here. */
export type KeptOptions = {
  readonly disable_validate_key_at_init?: boolean
  readonly disable_certificate_storage?: boolean
  readonly enable_ecdh_without_kdf?: boolean
  readonly default_retry_mode?: (typeof RETRY_MODES)[number]
}

export type NewCluster = ClusterEdit & {
  readonly id?: string
  readonly servers: readonly Address[]
  readonly caFile: string
}

export type NewConfig = {
  readonly clusterId: string
  readonly servers: readonly Address[]
  readonly caFile: string
  readonly logFile: string
}

/** The first configuration of a machine. */
export function newConfig({ clusterId, servers, caFile, logFile }: NewConfig): ConfigDocument {
  const logging: LoggingConfig = { type: 'file', file: logFile, level: 'info', rotation: 'daily' }
  return setLogging(addCluster({ clusters: [] }, { id: clusterId, servers, caFile }), logging)
}

/**
 * A file as the vendor ships it has one cluster without id and address; the first real one replaces that.
 *
 * @throws HsmError `invalid-request` when the id is taken, or is needed to tell the clusters apart
 */
export function addCluster(config: ConfigDocument, { id, ...edit }: NewCluster): ConfigDocument {
  const clusters = config.clusters.filter(isConfigured)
  if (clusters.some((entry) => clusterIdOf(entry) === id) && id !== undefined) {
    throw refused(`Cluster ${id} is already in the configuration`)
  }
  if (
    clusters.length > 0 &&
    (id === undefined || clusters.some((entry) => clusterIdOf(entry) === undefined))
  ) {
    throw refused(
      'With several clusters each needs an id; name the first one with: --cluster-id ID -a ADDRESS',
    )
  }
  const entry = { type: 'hsm1', ...(id !== undefined && { cluster_id: id }), cluster: { servers: [] } }
  return { ...config, clusters: [...clusters, edited(entry, edit)] }
}

/**
 * @param id which cluster; undefined is the only one. An id that is not in the file becomes the name of its
 *   only cluster when that has none yet
 * @throws HsmError `invalid-request` when there is no such cluster, or no id and several clusters
 */
export function editCluster(
  config: ConfigDocument,
  id: string | undefined,
  edit: ClusterEdit,
): ConfigDocument {
  const index = clusterIndex(config, id)
  const clusters = config.clusters.map((entry, at) =>
    at === index ? edited(id === undefined ? entry : named(entry, id), edit) : entry,
  )
  return { ...config, clusters }
}

/**
 * Puts servers before those that the cluster has already; none of them is changed or comes twice.
 *
 * @throws HsmError `invalid-request` when there is no such cluster
 */
export function addServers(config: ConfigDocument, id: string, servers: readonly Address[]): ConfigDocument {
  const index = clusterIndex(config, id)
  const clusters = config.clusters.map((entry, at) => {
    if (at !== index) return entry
    const known = entry.cluster.servers
    const isNew = ({ hostname, port }: Address) =>
      !known.some((server) => server.hostname === hostname && (server.port ?? DEFAULT_PORT) === port)
    const added = servers.filter(isNew).map((server) => ({ ...server, enable: true }))
    return { ...entry, cluster: { ...entry.cluster, servers: [...added, ...known] } }
  })
  return { ...config, clusters }
}

/** @throws HsmError `invalid-request` when there is no such cluster */
export function removeCluster(config: ConfigDocument, id: string): ConfigDocument {
  const clusters = config.clusters.filter((entry) => clusterIdOf(entry) !== id)
  if (clusters.length === config.clusters.length) throw unknownCluster(config, id)
  return { ...config, clusters }
}

/** Changes the given settings and keeps the others. */
export function setLogging(config: ConfigDocument, logging: Partial<LoggingConfig>): ConfigDocument {
  const { type, file, level, rotation } = logging
  return {
    ...config,
    logging: {
      ...config.logging,
      ...(type !== undefined && { log_type: type }),
      ...(file !== undefined && { log_file: file }),
      ...(level !== undefined && { log_level: level }),
      ...(rotation !== undefined && { log_interval: rotation }),
    },
  }
}

function clusterIndex(config: ConfigDocument, id: string | undefined): number {
  const { clusters } = config
  const [only] = clusters
  if (id === undefined) {
    if (clusters.length === 1) return 0
    throw refused(`The configuration has ${clusters.length} clusters; choose one with --cluster-id`)
  }
  const index = clusters.findIndex((entry) => clusterIdOf(entry) === id)
  if (index >= 0) return index
  if (clusters.length === 1 && only !== undefined && clusterIdOf(only) === undefined) return 0
  throw unknownCluster(config, id)
}

function edited(entry: ClusterEntry, edit: ClusterEdit): ClusterEntry {
  const { servers, caFile, clientCert, clientKey, keyAvailabilityCheck, weakHashes } = edit
  const { serverClientCert, serverClientKey, kept, own } = edit
  const options = {
    ...kept,
    ...(keyAvailabilityCheck !== undefined && { disable_key_availability_check: !keyAvailabilityCheck }),
    ...(weakHashes !== undefined && { enable_ecdsa_with_weak_hash_function: weakHashes }),
  }
  const cluster = {
    ...entry.cluster,
    ...(caFile !== undefined && { hsm_ca_file: caFile }),
    ...(servers !== undefined && { servers: servers.map((server) => ({ ...server, enable: true })) }),
    ...(clientCert !== undefined && { client_cert_hsm_tls_path: clientCert }),
    ...(clientKey !== undefined && { client_key_hsm_tls_path: clientKey }),
    ...(serverClientCert !== undefined && { client_cert_path: serverClientCert }),
    ...(serverClientKey !== undefined && { client_key_path: serverClientKey }),
    ...(Object.keys(options).length > 0 && { options: { ...entry.cluster.options, ...options } }),
    ...(own !== undefined && { strongroom: { ...entry.cluster.strongroom, ...own } }),
  }
  return { ...entry, cluster }
}

/** The id stays where it was, and goes beside `type` when the cluster had none. */
function named(entry: ClusterEntry, id: string): ClusterEntry {
  if (clusterIdOf(entry) !== undefined) return entry
  const { type = 'hsm1', ...rest } = entry
  return { type, cluster_id: id, ...rest }
}

function isConfigured(entry: ClusterEntry): boolean {
  return clusterIdOf(entry) !== undefined || entry.cluster.servers.some(({ hostname }) => isHost(hostname))
}

function unknownCluster(config: ConfigDocument, id: string): HsmError {
  const known = config.clusters.map(clusterIdOf).filter((name) => name !== undefined)
  const list = known.length === 0 ? 'no cluster with an id' : `only ${known.join(', ')}`
  return refused(`Cluster ${id} is not in the configuration, which has ${list}`)
}

function refused(sentence: string): HsmError {
  return new HsmError('invalid-request', sentence)
}
