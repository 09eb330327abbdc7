/** `strongroom start` in the foreground: serves until a signal asks it to end. */
import type { Home } from './home.ts'
import { showAddress } from './listen-address.ts'
import { createLogger } from './logger.ts'
import type { StartOptions } from './node/start-plan.ts'
import { type OpenHsmOptions, openHsm } from './open-hsm.ts'
import type { Outcome } from './outcome.ts'
import { GRACE_MS } from './running.ts'
import { firstSignal } from './signals.ts'

/** @param pkcs11 left out, there is no socket for PKCS#11 programs */
export async function serve(
  home: Home,
  options: StartOptions,
  pkcs11: OpenHsmOptions['pkcs11'],
): Promise<Outcome> {
  process.umask(0o077)
  const log = createLogger()
  const asked = firstSignal()
  const hsm = await openHsm({ ...options, home, log, pkcs11 })
  const { clusterId: cluster, listening, metrics } = hsm
  const shown = metrics && { metrics: showAddress(metrics) }
  log('info', { address: showAddress(listening), ...shown, cluster, home: home.root }, 'serving')
  log('info', { signal: await asked }, 'stopping')
  await hsm.close({ graceMs: GRACE_MS })
  log('info', {}, 'stopped')
  return { exit: 0, text: '' }
}
