/** `strongroom start` in the foreground: serves until a signal asks it to end. */

import type { Outcome } from '../administration/outcome.ts'
import { planStart, type StartOptions } from '../administration/start-plan.ts'
import { showAddress } from '../base/listen-address.ts'
import { RELEASED } from '../base/version.ts'
import { type Home, looseDirectories } from '../home/home.ts'
import { GRACE_MS } from '../home/running.ts'
import { NONE } from '../home/serving-settings.ts'
import { openLogger } from '../logging/logger.ts'
import { openHsm } from './open-hsm.ts'
import { firstSignal } from './signals.ts'

/** @param program the script that this process runs */
export async function serve(home: Home, options: StartOptions, program: string): Promise<Outcome> {
  process.umask(0o077)
  const { serving, pkcs11 } = planStart(home, options)
  const { log, reopen } = openLogger(serving.log, home.log, process.env['JOURNAL_STREAM'])
  process.on('uncaughtExceptionMonitor', (err) => log('error', { err }, 'the HSM ends unexpectedly'))
  let renew = async () => {}
  const asked = firstSignal(() => {
    reopen()
    log('info', {}, 'reading log and certificate anew')
    void renew()
  })
  const hsm = await openHsm({ ...options, home, log, program })
  renew = hsm.renewCertificate
  for (const problem of looseDirectories(home, pkcs11 === NONE ? undefined : pkcs11)) {
    log('warn', { problem }, 'others could change what this HSM relies on')
  }
  const clock = Date.now()
  if (clock < RELEASED) {
    const [says, released] = [clock, RELEASED].map((ms) => new Date(ms).toISOString())
    log(
      'warn',
      { clock: says, released },
      'the clock is behind the release of this version: set it, then restart',
    )
  }
  const { clusterId: cluster, listening, metrics } = hsm
  const shown = metrics && { metrics: showAddress(metrics) }
  log('info', { address: showAddress(listening), ...shown, cluster, home: home.root }, 'serving')
  log('info', { signal: await asked }, 'stopping')
  await hsm.close({ graceMs: GRACE_MS })
  log('info', {}, 'stopped')
  return { exit: 0, text: '' }
}
