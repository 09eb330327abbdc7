/** Homes of a cluster's nodes on an etcd of the test file's own, and HSMs started in them that end with their test. */
import { after, type TestContext } from 'node:test'
import type { StartOptions } from '../../src/administration/start-plan.ts'
import type { Home } from '../../src/home/home.ts'
import { type OpenHsm, openHsm } from '../../src/main/open-hsm.ts'
import { startEtcd } from './etcd.ts'
import { temporaryHome } from './homes.ts'

export async function clusterHomes() {
  const etcd = await startEtcd()
  const removals: (() => void)[] = []
  after(async () => {
    await etcd.stop()
    for (const remove of removals) remove()
  })

  function newHome(): Home {
    const { home, remove } = temporaryHome()
    removals.push(remove)
    return home
  }

  async function start(t: TestContext, home: Home, options: StartOptions = {}): Promise<OpenHsm> {
    const listen = { host: '127.0.0.1', port: 0 }
    const hsm = await openHsm({ listen, home, log: () => undefined, ...options })
    t.after(() => hsm.close({ graceMs: 0 }))
    return hsm
  }

  return { etcd, newHome, start }
}
