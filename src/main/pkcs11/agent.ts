/** `strongroom pkcs11`: the PKCS#11 socket on a machine that has programs and no HSM; the HSMs are reached over HTTPS. */
import type { SessionOptions } from '../../cli/seats.ts'
import type { Hsm } from '../../contract/hsm.ts'
import type { OperationName, Request } from '../../contract/operations.ts'
import { createPkcs11 } from '../../pkcs11/serve.ts'
import { openLogger } from '../logger.ts'
import type { Outcome } from '../outcome.ts'
import { firstSignal } from '../signals.ts'
import { version } from '../version.ts'
import { configuredHsm } from './configured-hsm.ts'
import { peerUser } from './peer-user.ts'
import { p11KitSocket } from './socket-paths.ts'
import { openSockets } from './sockets.ts'

export type AgentOptions = {
  /** Value of `--config`. */
  readonly config: string | undefined
  /** Which of several clusters in the configuration. */
  readonly clusterId: string | undefined
  /** Absolute. */
  readonly socket: string
  /** The socket was named, and is the only one that is wanted. */
  readonly named: boolean
}

export async function agent({ config, clusterId, socket, named }: AgentOptions): Promise<Outcome> {
  process.umask(0o077)
  const { log, reopen } = openLogger(undefined, undefined)
  const asked = firstSignal(reopen)
  const cluster = await configuredHsm(config, process.env, clusterId)
  const hsm = configured(cluster.hsm, () => cluster.connection().sessionOptions)
  const pkcs11 = createPkcs11({ hsm, version, log })
  const convenient = named ? undefined : p11KitSocket(process.env, process.getuid?.())
  const sockets = await openSockets(
    { path: socket, convenient, log },
    (stream) => void pkcs11.serve(stream, { peer: peerUser(stream) }),
  )
  log('info', { socket, cluster: cluster.clusterId }, 'serving PKCS#11')
  log('info', { signal: await asked }, 'stopping')
  sockets.close()
  await pkcs11.close()
  cluster.connection().close()
  return { exit: 0, text: '' }
}

/** Sessions opened from here are as the configuration has them. */
function configured(hsm: Hsm, options: () => SessionOptions | undefined): Hsm {
  return {
    call<K extends OperationName>(operation: K, request: Request<K>, session?: string) {
      const asked = operation === 'session.login' ? { ...request, ...options() } : request
      return hsm.call(operation, asked, session)
    },
  }
}
