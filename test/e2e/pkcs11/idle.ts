import { setTimeout as delay } from 'node:timers/promises'
import { untilElsewhere } from '../../support/until.ts'

/** For so long the HSM shows the same page of metrics. */
const PAGE_MS = 250

/**
 * Resolves when everything that programs were answered is known to the keeper.
 *
 * @param log of an HSM with `--metrics`
 */
export async function untilIdle(log: string): Promise<void> {
  const [, address] = /"metrics":"([^"]+)"/.exec(log) ?? []
  // The page may be as old as that.
  await delay(PAGE_MS)
  await untilElsewhere('all programs are quiet', async () => {
    const page = await (await fetch(`http://${address}/metrics`)).text()
    const [, all] = /^strongroom_pkcs11_connections (\d+)/m.exec(page) ?? []
    const [, idle] = /^strongroom_pkcs11_idle_connections (\d+)/m.exec(page) ?? []
    return Number(idle) > 0 && idle === all
  })
}
