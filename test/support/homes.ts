/** Real HSMs on temporary homes: the engine on SQLite, and the whole program behind HTTPS. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectOptions, connect, type RemoteHsm } from '../../src/client/connect.ts'
import { parseConfig } from '../../src/client-config/client-config.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import { type Home, homeAt, makeHome } from '../../src/home/home.ts'
import { openEngine } from '../../src/main/open-engine.ts'
import { openHsm } from '../../src/main/open-hsm.ts'
import { CHEAP } from './engine.ts'

export type Opened<H = Hsm> = { readonly hsm: H; close(): Promise<void> }

export function temporaryHome(): { readonly home: Home; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-test-'))
  return { home: homeAt(root), remove: () => rmSync(root, { recursive: true, force: true }) }
}

export async function onSqlite(): Promise<Opened> {
  const { home, remove } = temporaryHome()
  makeHome(home)
  const { engine, close } = await openEngine({
    home,
    address: () => '127.0.0.1',
    passwordCost: CHEAP,
    log: () => undefined,
  })
  return {
    hsm: engine,
    async close() {
      await close()
      remove()
    },
  }
}

export async function overHttps(options: Partial<ConnectOptions> = {}): Promise<Opened<RemoteHsm>> {
  const { home, remove } = temporaryHome()
  const served = await openHsm({
    home,
    listen: { host: '127.0.0.1', port: 0 },
    passwordCost: CHEAP,
    log: () => undefined,
  })
  const hsm = clientOf(home, options)
  return {
    hsm,
    async close() {
      hsm.close()
      await served.close({ graceMs: 0 })
      remove()
    },
  }
}

/** A client as the home's own configuration describes it. */
export function clientOf(home: Home, options: Partial<ConnectOptions> = {}): RemoteHsm {
  const path = home.clientConfig
  const [cluster] = parseConfig(readFileSync(path, 'utf8'), path).clusters
  if (!cluster) throw new Error(`no cluster in ${path}`)
  const servers = cluster.servers.map(({ hostname, port }) => ({ host: hostname, port }))
  return connect({ servers, trust: { ca: readFileSync(cluster.caFile, 'utf8') }, ...options })
}
