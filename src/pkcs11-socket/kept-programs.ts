/**
 * The keeper's own process; see keeper.ts. When the HSM or the agent is gone, it serves what is left over HTTPS, until the
 * last program leaves.
 */
import type { Socket } from 'node:net'
import { version } from '../base/version.ts'
import { createPkcs11, type Pkcs11Needs, type ProgramSnapshot } from '../pkcs11/serve.ts'
import type { KeeperMessage } from './keeper-messages.ts'
import { peerProcess } from './peer-process.ts'
import { programSocket } from './program-socket.ts'

/** A connection that is only kept open. */
type Kept = { readonly handle: unknown; readonly snapshot: ProgramSnapshot | undefined }

/** What the programs that are left are served with. */
export type Service = Pick<Pkcs11Needs, 'hsm' | 'log' | 'makeKeyCertificate'> & { close(): void }

/**
 * Keeps the connections of programs until the process that started this one is gone, and serves them from then on. Resolves
 * when the last of them has left.
 *
 * @param channel to the process that started this one
 * @param openService called when there is something to serve
 */
export async function keepPrograms(
  channel: Pick<NodeJS.Process, 'on' | 'once'>,
  openService: () => Promise<Service>,
): Promise<void> {
  const kept = await untilAlone(channel)
  const resumed: Resumed[] = []
  const abandoned: Promise<void>[] = []
  for (const { handle, snapshot } of kept.values()) {
    const socket = programSocket(handle)
    if (snapshot) resumed.push({ socket, snapshot })
    else abandoned.push(abandon(socket))
  }
  if (resumed.length > 0) await serve(resumed, await openService())
  await Promise.all(abandoned)
}

type Resumed = { readonly socket: Socket; readonly snapshot: ProgramSnapshot }

/** Keeps until the other process is gone. */
function untilAlone(channel: Pick<NodeJS.Process, 'on' | 'once'>): Promise<ReadonlyMap<number, Kept>> {
  const kept = new Map<number, Kept>()
  const { promise, resolve } = Promise.withResolvers<ReadonlyMap<number, Kept>>()
  const change = (id: number, snapshot: ProgramSnapshot | undefined) => {
    const found = kept.get(id)
    if (found) kept.set(id, { ...found, snapshot })
  }
  channel.on('message', (message: KeeperMessage, handle: unknown) => {
    if ('hold' in message) kept.set(message.hold, { handle, snapshot: undefined })
    else if ('idle' in message) change(message.idle, message.snapshot)
    else if ('busy' in message) change(message.busy, undefined)
    else {
      close(kept.get(message.gone)?.handle)
      kept.delete(message.gone)
    }
  })
  channel.once('disconnect', () => resolve(kept))
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

async function serve(resumed: readonly Resumed[], { close, ...needs }: Service): Promise<void> {
  const { log } = needs
  log('info', { connections: resumed.length }, 'keeping the PKCS#11 connections of a process that has ended')
  const pkcs11 = createPkcs11({ ...needs, version })
  await Promise.all(
    resumed.map(({ socket, snapshot }) => pkcs11.serve(socket, { snapshot, peer: peerProcess(socket) })),
  )
  close()
  log('info', {}, 'the last PKCS#11 program has left')
}

function close(handle: unknown): void {
  ;(handle as { close(): void } | undefined)?.close()
}
