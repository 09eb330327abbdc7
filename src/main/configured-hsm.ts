/** The cluster that a client configuration names, as the interfaces use it that are not in the HSM's own process. */
import { homedir } from 'node:os'
import { type Connection, chosenCluster } from '../cli/cluster-clients.ts'
import { configExists, readConfigFile } from '../client-config/file.ts'
import { locateConfig } from '../client-config/locate.ts'
import type { Hsm } from '../contract/hsm.ts'
import type { OperationName, Request } from '../contract/operations.ts'
import { type ReconnectingHsm, reconnectingHsm } from '../pkcs11-socket/reconnecting-hsm.ts'
import { clientClusters } from './client-clusters.ts'

export type Configured = ReconnectingHsm<Connection> & { readonly clusterId: string }

/**
 * @param option value of `--config`
 * @param asked which of several clusters
 * @throws HsmError `invalid-request` when there is no usable configuration
 */
export async function configuredHsm(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
  asked?: string,
): Promise<Configured> {
  const { path } = locateConfig({ option, env, homeDirectory: homedir(), exists: configExists })
  const clusterId = chosenCluster(clientClusters(option, env), asked)
  const reconnecting = await reconnectingHsm({
    connect: () => clientClusters(option, env).connect(clusterId, ignore),
    text: () => readConfigFile(path),
  })
  return { ...reconnecting, clusterId }
}

/** Sessions opened through it are as the configuration has them. */
export const asConfigured = ({ hsm, connection }: Configured): Hsm => ({
  call<K extends OperationName>(operation: K, request: Request<K>, session?: string) {
    const options = operation === 'session.login' ? connection().sessionOptions : undefined
    return hsm.call(operation, { ...request, ...options }, session)
  },
})

const ignore = (): void => undefined
