/** `strongroom start` in the foreground: serves until a signal asks it to end. */
import type { Home } from './home.ts'
import { showAddress } from './listen-address.ts'
import { createLogger } from './logger.ts'
import type { StartOptions } from './node/start-plan.ts'
import { openHsm } from './open-hsm.ts'
import type { Outcome } from './outcome.ts'
import { GRACE_MS } from './running.ts'

export async function serve(home: Home, options: StartOptions): Promise<Outcome> {
  process.umask(0o077)
  const log = createLogger()
  const asked = firstSignal()
  const hsm = await openHsm({ ...options, home, log })
  const { clusterId: cluster, listening, metrics } = hsm
  const shown = metrics && { metrics: showAddress(metrics) }
  log('info', { address: showAddress(listening), ...shown, cluster, home: home.root }, 'serving')
  log('info', { signal: await asked }, 'stopping')
  await hsm.close({ graceMs: GRACE_MS })
  log('info', {}, 'stopped')
  return { exit: 0, text: '' }
}

/** The second signal ends the process at once. */
function firstSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let asked = false
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1)
      asked = true
      resolve(signal)
    })
  }
  return promise
}
