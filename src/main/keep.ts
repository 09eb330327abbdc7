/** `strongroom pkcs11-keep`: composition of the keeper's own process. */
import type { Keeping } from '../administration/commands/command.ts'
import { type Outcome, wrongUsage } from '../administration/outcome.ts'
import { keyCertificateMaker } from '../certificates/key-certificate.ts'
import type { KeyCertificates } from '../contract/key-certificates.ts'
import { readServingSettings } from '../home/serving-settings.ts'
import { openLogger } from '../logging/logger.ts'
import { keepPrograms } from '../pkcs11-socket/kept-programs.ts'
import { asConfigured, type Configured, configuredHsm } from './configured-hsm.ts'

/** Serves the programs of the process that started this one when that is gone. */
export async function keep(whose: Keeping): Promise<Outcome> {
  if (!process.connected)
    return wrongUsage('pkcs11-keep is started by strongroom start and strongroom pkcs11')
  process.umask(0o077)
  await keepPrograms(process, async () => {
    const log = 'home' in whose ? whose.home.log : undefined
    const { hsm, connection } = await clusterOf(whose)
    return {
      hsm,
      makeKeyCertificate: keyCertificateMaker(keyCertificatesOf(whose)),
      log: openLogger(undefined, log, process.env['JOURNAL_STREAM']).log,
      close: () => connection().close(),
    }
  })
  return { exit: 0, text: '' }
}

/** As the other process showed them. */
const keyCertificatesOf = (whose: Keeping): KeyCertificates | undefined =>
  'home' in whose ? readServingSettings(whose.home).keyCertificates : whose.keyCertificates

/** As the other process reached it, or had it in itself. */
async function clusterOf(whose: Keeping): Promise<Configured> {
  if ('home' in whose) return configuredHsm(whose.home.clientConfig, {})
  const cluster = await configuredHsm(whose.config, process.env, whose.clusterId)
  return { ...cluster, hsm: asConfigured(cluster) }
}
