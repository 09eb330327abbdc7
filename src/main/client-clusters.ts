/** The clusters of the client configuration, each reached over HTTPS. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { type ClusterConfig, parseConfig } from '../cli/config/client-config.ts'
import { readConfigFile } from '../cli/config/file.ts'
import { locateConfig, missingConfig } from '../cli/config/locate.ts'
import { createLog, type Log, loggedHsm } from '../cli/log.ts'
import type { Clusters, Connection } from '../cli/seats.ts'
import { connect } from '../client/connect.ts'
import { HsmError } from '../contract/errors.ts'
import { tell } from './streams.ts'

/**
 * @param option value of `--config`
 * @throws HsmError `invalid-request` when there is no usable configuration
 */
export function clientClusters(option: string | undefined, env: NodeJS.ProcessEnv): Clusters {
  const location = locateConfig({ option, env, homeDirectory: homedir(), exists: existsSync })
  if (!location.exists) throw missingConfig(location)
  const { clusters, logging } = parseConfig(readConfigFile(location.path), location.path)
  const log = createLog(logging, { now: () => new Date(), stderr: (text) => void tell(text) })
  const byId = new Map(clusters.map((cluster) => [cluster.id ?? '', cluster]))
  return {
    ids: () => [...byId.keys()],
    async connect(id, onLost) {
      const cluster = byId.get(id)
      if (!cluster) throw new HsmError('invalid-request', `Cluster ${id} is not configured`)
      return connection(cluster, log, onLost)
    },
  }
}

function connection(cluster: ClusterConfig, log: Log, onLost: () => void): Connection {
  const { clientCert, clientKey } = cluster
  const hsm = connect({
    servers: cluster.servers
      .filter(({ enable }) => enable)
      .map(({ hostname, port }) => ({ host: hostname, port })),
    trust: {
      ca: referenced('hsm_ca_file', cluster.caFile),
      ...(clientCert !== undefined && { cert: referenced('client_cert_hsm_tls_path', clientCert) }),
      ...(clientKey !== undefined && { key: referenced('client_key_hsm_tls_path', clientKey) }),
    },
    bound: true,
    onDisconnected() {
      log('warn', 'the connection was lost')
      onLost()
    },
  })
  const sessionOptions = {
    'key-availability-check': cluster.keyAvailabilityCheck,
    'ecdsa-with-weak-hash-function': cluster.weakHashes,
  }
  return { hsm: loggedHsm(hsm, log), sessionOptions, close: hsm.close }
}

function referenced(member: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'No such file or directory' : code
    throw new HsmError(
      'invalid-request',
      `Could not read configuration-referenced file ${member} at location ${path}: ${reason}`,
    )
  }
}
