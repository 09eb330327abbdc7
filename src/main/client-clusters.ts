/** The clusters of the client configuration, each reached over HTTPS. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import {
  certificateProblem,
  looksLikeCertificate,
  looksLikePrivateKey,
  privateKeyProblem,
} from '../base/pem.ts'
import { reasonOf } from '../base/reasons.ts'
import { tell } from '../base/standard-streams.ts'
import type { Clusters, Connection } from '../cli/cluster-clients.ts'
import { createLog, type Log, loggedHsm } from '../cli/log.ts'
import { connect } from '../client/connect.ts'
import { type ClusterConfig, parseConfig } from '../client-config/client-config.ts'
import { configExists, readConfigFile } from '../client-config/file.ts'
import { locateConfig, missingConfig } from '../client-config/locate.ts'
import { warnOfOpenFiles } from '../client-config/open-files.ts'
import { HsmError } from '../contract/errors.ts'

/**
 * @param option value of `--config`
 * @throws HsmError `invalid-request` when there is no usable configuration
 */
export function clientClusters(option: string | undefined, env: NodeJS.ProcessEnv): Clusters {
  const location = locateConfig({ option, env, homeDirectory: homedir(), exists: configExists })
  if (!location.exists) throw missingConfig(location)
  const { clusters, logging } = parseConfig(readConfigFile(location.path), location.path)
  warnOfOpenFiles(
    [
      location.path,
      ...clusters.flatMap(({ caFile, clientCert }) => (clientCert ? [caFile, clientCert] : [caFile])),
    ],
    clusters.flatMap(({ clientKey }) => clientKey ?? []),
    (text) => void tell(text),
  )
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
      ca: referenced('hsm_ca_file', cluster.caFile, looksLikeCertificate),
      ...(clientCert !== undefined && {
        cert: referenced('client_cert_hsm_tls_path', clientCert, looksLikeCertificate),
      }),
      ...(clientKey !== undefined && {
        key: referenced('client_key_hsm_tls_path', clientKey, looksLikePrivateKey),
      }),
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

function referenced(member: string, path: string, looksRight: (text: string) => boolean): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw unreadable(member, path, code === 'ENOENT' ? 'No such file or directory' : reasonOf(error))
  }
  if (looksRight(text)) return text
  const problemOf = member === 'client_key_hsm_tls_path' ? privateKeyProblem : certificateProblem
  throw unreadable(member, path, problemOf(readFileSync(path)) ?? 'it is not in PEM')
}

const unreadable = (member: string, path: string, reason: string): HsmError =>
  new HsmError(
    'invalid-request',
    `Could not read configuration-referenced file ${member} at location ${path}: ${reason}`,
  )
