/** Composition of one serving HSM: the lock on its home, the engine, the HTTPS door and what clients need to find it. */
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { createHttpsServer } from '../server/https-server.ts'
import { writeClientConfig } from './client-config.ts'
import { type Home, makeHome } from './home.ts'
import { type ListenAddress, localAddress } from './listen-address.ts'
import { takeLock } from './lock.ts'
import { type Log, openEngine } from './open-engine.ts'
import { announce, readRunning, withdraw } from './running.ts'
import { loadTls } from './tls.ts'

export type OpenHsm = {
  /** The HSM in this process, without the way through HTTPS. */
  readonly hsm: Hsm
  readonly clusterId: string
  /** What it really listens on. */
  readonly listening: ListenAddress
  /** Lets requests under way finish, but not longer than `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>
}

export type OpenHsmOptions = {
  readonly home: Home
  readonly listen: ListenAddress
  readonly log: Log
}

/**
 * Opens the HSM of a home, makes it first if there is none, and serves it.
 *
 * @throws HsmError with one sentence: another process has the home, the store is damaged, the address is taken
 */
export async function openHsm({ home, listen, log }: OpenHsmOptions): Promise<OpenHsm> {
  await using undo = new AsyncDisposableStack()
  makeHome(home)
  const unlock = takeLock(home.lock) ?? alreadyRunning(home)
  undo.defer(unlock)
  withdraw(home) // of a process that was killed

  let listening = listen
  const { engine, clusterId, close } = await openEngine({ home, log, address: () => listening.host })
  undo.defer(close)
  const { ca, server: tls } = await loadTls(home, clusterId, listen.host, Date.now())
  const server = createHttpsServer({
    hsm: engine,
    tls,
    log,
    monotonic: () => performance.now(),
    onConnectionClosed: (token) => void engine.call('session.logout', {}, token).catch(() => undefined),
  })
  listening = await server.listen(listen.host, listen.port)
  let graceMs = 0
  undo.defer(() => server.close({ graceMs }))
  tellClients(home, { clusterId, ca, address: localAddress(listening), log })
  undo.defer(() => withdraw(home))
  announce(home, { pid: process.pid, ...localAddress(listening) })

  const everything = undo.move()
  return {
    hsm: engine,
    clusterId,
    listening,
    close(options) {
      graceMs = options.graceMs
      return everything.disposeAsync()
    },
  }
}

function alreadyRunning(home: Home): never {
  const { pid } = readRunning(home) ?? {}
  const who = pid === undefined ? '' : ` (process ${pid})`
  throw new HsmError('unavailable', `Strongroom is already running on ${home.root}${who}`)
}

type ForClients = {
  readonly clusterId: string
  readonly ca: string
  readonly address: ListenAddress
  readonly log: Log
}

/** A configuration that its user has broken is no reason not to serve. */
function tellClients(home: Home, { clusterId, ca, address, log }: ForClients): void {
  try {
    writeClientConfig(home, clusterId, ca, address)
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    log('warn', { problem: error.message }, 'the client configuration was left as it is')
  }
}
