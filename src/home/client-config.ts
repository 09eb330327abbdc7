/** The configuration by which `cloudhsm-cli` on the same machine finds the HSM. */
import { DEFAULT_PORT } from '../base/address.ts'
import type { ListenAddress } from '../base/listen-address.ts'
import { clusterIdOf, parseDocument, renderConfig, type ServerEntry } from '../client-config/document.ts'
import { addServers, editCluster, newConfig } from '../client-config/edit.ts'
import { configExists, readConfigFile, writeConfigFile } from '../client-config/file.ts'
import { readIfThere, replaceFile } from './files.ts'
import type { Home } from './home.ts'

export type ClientFacts = {
  readonly clusterId: string
  /** PEM. */
  readonly ca: string
  /** How clients reach this HSM. */
  readonly address: ListenAddress
  /** Of the other HSMs of its cluster; undefined when it is a cluster by itself, and its address the only one. */
  readonly others: readonly ListenAddress[] | undefined
}

/**
 * Writes what is missing and corrects the address of this HSM; whatever else the configuration holds is the user's
 * and stays.
 *
 * @throws HsmError `invalid-request` when there is a configuration that cannot be read
 */
export function writeClientConfig(home: Home, { clusterId, ca, address, others }: ClientFacts): void {
  if (readIfThere(home.clientCa) !== ca) replaceFile(home.clientCa, ca, 'public')
  const path = home.clientConfig
  const servers = [address, ...(others ?? [])].map(({ host, port }) => ({ hostname: host, port }))
  if (!configExists(path)) {
    const config = newConfig({ clusterId, servers, caFile: home.clientCa, logFile: home.clientLog })
    writeConfigFile(path, renderConfig(config))
    return
  }
  const config = parseDocument(readConfigFile(path), path)
  const known = config.clusters.find((entry) => clusterIdOf(entry) === clusterId)?.cluster.servers
  if (!known || known.some((server) => isSame(server, address))) return
  const changed = others
    ? addServers(config, clusterId, servers)
    : editCluster(config, clusterId, { servers })
  writeConfigFile(path, renderConfig(changed))
}

const isSame = (
  { hostname, port = DEFAULT_PORT }: ServerEntry,
  { host, port: wanted }: ListenAddress,
): boolean => hostname === host && port === wanted
