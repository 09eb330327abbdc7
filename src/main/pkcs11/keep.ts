/**
 * The keeper's own process; see keeper.ts. When the HSM or the agent is gone, it serves what is left over HTTPS, until the
 * last program leaves.
 */
import { Socket } from 'node:net'
import { type Outcome, wrongUsage } from '../../administration/outcome.ts'
import { version } from '../../base/version.ts'
import type { Home } from '../../home/home.ts'
import { openLogger } from '../../logging/logger.ts'
import { createPkcs11, type ProgramSnapshot } from '../../pkcs11/serve.ts'
import type { KeeperMessage } from '../../pkcs11-socket/keeper-messages.ts'
import type { AgentSource } from '../../pkcs11-socket/keeper-start.ts'
import { peerProcess } from '../../pkcs11-socket/peer-process.ts'
import { asConfigured, configuredHsm } from './configured-hsm.ts'
import type { ReconnectingHsm } from './reconnecting-hsm.ts'

/** A connection that is only kept open. */
type Kept = { readonly handle: unknown; readonly snapshot: ProgramSnapshot | undefined }

/** Whose programs are kept. */
export type Keeping = { readonly home: Home } | AgentSource

/** The keeper process: takes over the connections of programs when the process that started it is gone. */
export async function keep(source: Keeping): Promise<Outcome> {
  if (!process.connected)
    return wrongUsage('pkcs11-keep is started by strongroom start and strongroom pkcs11')
  process.umask(0o077)
  const kept = await untilAlone()
  const resumed: Resumed[] = []
  const abandoned: Promise<void>[] = []
  for (const { handle, snapshot } of kept.values()) {
    const socket = socketOf(handle)
    if (snapshot) resumed.push({ socket, snapshot })
    else abandoned.push(abandon(socket))
  }
  if (resumed.length > 0) await serve(source, resumed)
  await Promise.all(abandoned)
  return { exit: 0, text: '' }
}

type Resumed = { readonly socket: Socket; readonly snapshot: ProgramSnapshot }

/** Keeps until the other process is gone. */
function untilAlone(): Promise<ReadonlyMap<number, Kept>> {
  const kept = new Map<number, Kept>()
  const { promise, resolve } = Promise.withResolvers<ReadonlyMap<number, Kept>>()
  const change = (id: number, snapshot: ProgramSnapshot | undefined) => {
    const found = kept.get(id)
    if (found) kept.set(id, { ...found, snapshot })
  }
  process.on('message', (message: KeeperMessage, handle: unknown) => {
    if ('hold' in message) kept.set(message.hold, { handle, snapshot: undefined })
    else if ('idle' in message) change(message.idle, message.snapshot)
    else if ('busy' in message) change(message.busy, undefined)
    else {
      close(kept.get(message.gone)?.handle)
      kept.delete(message.gone)
    }
  })
  process.once('disconnect', () => resolve(kept))
  return promise
}

/**
 * Its program may be waiting for an answer that nobody has. It reads that there will be none, and can still write: that
 * its calls fail is for it to handle, a SIGPIPE is not.
 */
function abandon(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('close', () => resolve())
  socket.on('error', () => undefined)
  socket.end()
  socket.resume()
  return promise
}

async function serve(source: Keeping, resumed: readonly Resumed[]): Promise<void> {
  const { log } = openLogger(
    undefined,
    'home' in source ? source.home.log : undefined,
    process.env['JOURNAL_STREAM'],
  )
  log('info', { connections: resumed.length }, 'keeping the PKCS#11 connections of a process that has ended')
  const cluster = await clusterOf(source)
  const pkcs11 = createPkcs11({ hsm: cluster.hsm, version, log })
  await Promise.all(
    resumed.map(({ socket, snapshot }) => pkcs11.serve(socket, { snapshot, peer: peerProcess(socket) })),
  )
  cluster.connection().close()
  log('info', {}, 'the last PKCS#11 program has left')
}

/** As the other process reached it, or had it in itself. */
async function clusterOf(source: Keeping): Promise<ReconnectingHsm> {
  if ('home' in source) return configuredHsm(source.home.clientConfig, {})
  const cluster = await configuredHsm(source.config, process.env, source.clusterId)
  return { ...cluster, hsm: asConfigured(cluster) }
}

/** Takes a connection up again that another process has read from so far. */
const socketOf = (handle: unknown): Socket =>
  new Socket({ handle, readable: true, writable: true } as ConstructorParameters<typeof Socket>[0])

function close(handle: unknown): void {
  ;(handle as { close(): void } | undefined)?.close()
}
