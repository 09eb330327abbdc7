/** `strongroom pkcs11`: the PKCS#11 socket on a machine that has programs and no HSM; the HSMs are reached over HTTPS. */

import type { AgentOptions } from '../administration/commands/command.ts'
import type { Outcome } from '../administration/outcome.ts'
import { version } from '../base/version.ts'
import { keyCertificateMaker } from '../certificates/key-certificate.ts'
import { openLogger } from '../logging/logger.ts'
import { createPkcs11 } from '../pkcs11/serve.ts'
import { agentKeeper } from '../pkcs11-socket/keeper-start.ts'
import { openPkcs11Listener } from '../pkcs11-socket/listener.ts'
import { p11KitSocket } from '../pkcs11-socket/socket-paths.ts'
import { asConfigured, configuredHsm } from './configured-hsm.ts'
import { firstSignal } from './signals.ts'

/**
 * `strongroom pkcs11`: serves programs of a machine without an HSM until a signal ends it.
 *
 * @param program the script that this process runs
 */
export async function agent(options: AgentOptions, program: string): Promise<Outcome> {
  const { config, clusterId, keyCertificates, socket, named } = options
  process.umask(0o077)
  const { log, reopen } = openLogger(undefined, undefined, process.env['JOURNAL_STREAM'])
  const asked = firstSignal(reopen)
  const cluster = await configuredHsm(config, process.env, clusterId)
  const makeKeyCertificate = keyCertificateMaker(keyCertificates)
  const listener = await openPkcs11Listener({
    pkcs11: createPkcs11({ hsm: asConfigured(cluster), version, log, makeKeyCertificate }),
    path: socket,
    convenient: named ? undefined : p11KitSocket(process.env, process.getuid?.()),
    startKeeper: agentKeeper({ config, clusterId, keyCertificates }, program),
    log,
    registry: undefined,
  })
  log('info', { socket, cluster: cluster.clusterId }, 'serving PKCS#11')
  log('info', { signal: await asked }, 'stopping')
  await listener.close()
  cluster.connection().close()
  return { exit: 0, text: '' }
}
