/** The clusters of the client configuration, each reached over HTTPS. */
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import {
  certificateProblem,
  looksLikeCertificate,
  looksLikePrivateKey,
  privateKeyProblem,
} from '../base/pem.ts'
import { reasonOf } from '../base/reasons.ts'
import { tell } from '../base/standard-streams.ts'
import type { Target } from '../cli/agent/held-logins.ts'
import type { Clusters } from '../cli/cluster-clients.ts'
import { createLog, type Log, loggedHsm } from '../cli/log.ts'
import { connect } from '../client/connect.ts'
import { type ClusterConfig, parseConfig } from '../client-config/client-config.ts'
import { configExists, readConfigFile, readTrustFile } from '../client-config/file.ts'
import { locateConfig, missingConfig } from '../client-config/locate.ts'
import { warnOfOpenFiles } from '../client-config/open-files.ts'
import { HsmError } from '../contract/errors.ts'

/** Where a program that names a configuration runs, and who is told of what is wrong with it besides. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  readonly tell: (text: string) => void
  /** Throws as `readConfigFile` does. */
  readonly readConfig: (path: string) => string
  /** Files that were warned of already. */
  readonly warned: Set<string>
}

const warned = new Set<string>()

/** This process. */
const ownSurroundings = (env: NodeJS.ProcessEnv, readConfig: Surroundings['readConfig']): Surroundings => ({
  env,
  homeDirectory: homedir(),
  tell: (text) => void tell(text),
  readConfig,
  warned,
})

/**
 * @param option value of `--config`
 * @throws HsmError `invalid-request` when there is no usable configuration
 */
export function clientClusters(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
  readConfig = readConfigFile,
): Clusters {
  const { ids, target } = configuredClusters(option, ownSurroundings(env, readConfig))
  return { ids, connect: async (id, onLost) => target(id).connect(onLost) }
}

export type ConfiguredClusters = Pick<Clusters, 'ids'> & {
  readonly logsToTerminal: boolean
  /** Reads the certificates. Throws HsmError. */
  target(id: string): Target
}

/** Throws as `clientClusters` does. Relative paths are read before it, or `target`, returns. */
export function configuredClusters(
  option: string | undefined,
  { env, homeDirectory, tell, readConfig, warned }: Surroundings,
): ConfiguredClusters {
  const location = locateConfig({ option, env, homeDirectory, exists: configExists })
  if (!location.exists) throw missingConfig(location)
  const { clusters, logging } = parseConfig(readConfig(location.path), location.path)
  warnOfOpenFiles(
    [
      location.path,
      ...clusters.flatMap(({ caFile, clientCert }) => (clientCert ? [caFile, clientCert] : [caFile])),
    ],
    clusters.flatMap(({ clientKey }) => clientKey ?? []),
    tell,
    warned,
  )
  const log = createLog(logging, { now: () => new Date(), stderr: tell })
  const byId = new Map(clusters.map((cluster) => [cluster.id ?? '', cluster]))
  return {
    ids: () => [...byId.keys()],
    logsToTerminal: logging.type === 'term',
    target(id) {
      const cluster = byId.get(id)
      if (!cluster) throw new HsmError('invalid-request', `Cluster ${id} is not configured`)
      return targetOf(id, cluster, resolve(logging.file), log)
    },
  }
}

function targetOf(clusterId: string, cluster: ClusterConfig, logFile: string, log: Log): Target {
  const { clientCert, clientKey } = cluster
  const servers = cluster.servers
    .filter(({ enable }) => enable)
    .map(({ hostname, port }) => ({ host: hostname, port }))
  const trust = {
    ca: referenced('hsm_ca_file', cluster.caFile, looksLikeCertificate),
    ...(clientCert !== undefined && {
      cert: referenced('client_cert_hsm_tls_path', clientCert, looksLikeCertificate),
    }),
    ...(clientKey !== undefined && {
      key: referenced('client_key_hsm_tls_path', clientKey, looksLikePrivateKey),
    }),
  }
  const sessionOptions = {
    'key-availability-check': cluster.keyAvailabilityCheck,
    'ecdsa-with-weak-hash-function': cluster.weakHashes,
  }
  return {
    clusterId,
    identity: () => JSON.stringify([clusterId, servers, trust, sessionOptions, logFile]),
    connect(onLost) {
      const hsm = connect({
        servers,
        trust,
        bound: true,
        onDisconnected() {
          log('warn', 'the connection was lost')
          onLost()
        },
      })
      return { hsm: loggedHsm(hsm, log), sessionOptions, close: hsm.close }
    },
  }
}

function referenced(member: string, path: string, looksRight: (text: string) => boolean): string {
  let file: Buffer
  try {
    file = readTrustFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw unreadable(member, path, code === 'ENOENT' ? 'No such file or directory' : reasonOf(error))
  }
  const text = file.toString('utf8')
  if (looksRight(text)) return text
  const problemOf = member === 'client_key_hsm_tls_path' ? privateKeyProblem : certificateProblem
  throw unreadable(member, path, problemOf(file) ?? 'it is not in PEM')
}

const unreadable = (member: string, path: string, reason: string): HsmError =>
  new HsmError(
    'invalid-request',
    `Could not read configuration-referenced file ${member} at location ${path}: ${reason}`,
  )
