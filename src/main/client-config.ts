/** The configuration by which `cloudhsm-cli` on the same machine finds the HSM. */
import { clusterIdOf, parseDocument, renderConfig } from '../cli/config/document.ts'
import { editCluster, newConfig } from '../cli/config/edit.ts'
import { configExists, readConfigFile, writeConfigFile } from '../cli/config/file.ts'
import { readIfThere, replaceFile } from './files.ts'
import type { Home } from './home.ts'
import type { ListenAddress } from './listen-address.ts'

/**
 * Writes what is missing and corrects the address of this cluster; whatever else the configuration holds is the
 * user's and stays.
 *
 * @throws HsmError `invalid-request` when there is a configuration that cannot be read
 */
export function writeClientConfig(home: Home, clusterId: string, ca: string, address: ListenAddress): void {
  if (readIfThere(home.clientCa) !== ca) replaceFile(home.clientCa, ca, 'public')
  const path = home.clientConfig
  const server = { hostname: address.host, port: address.port }
  if (!configExists(path)) {
    const config = newConfig({ clusterId, servers: [server], caFile: home.clientCa, logFile: home.clientLog })
    writeConfigFile(path, renderConfig(config))
    return
  }
  const config = parseDocument(readConfigFile(path), path)
  const ours = config.clusters.find((entry) => clusterIdOf(entry) === clusterId)
  if (
    !ours ||
    ours.cluster.servers.some(({ hostname, port }) => hostname === server.hostname && port === server.port)
  )
    return
  writeConfigFile(path, renderConfig(editCluster(config, clusterId, { servers: [server] })))
}
